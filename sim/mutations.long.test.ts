/** Broken rules that only many seeds notice; the others are rows of mutations.test.ts. */
import t from 'tap';
import { areNoticed, mutationsOf } from './noticed.js';

const budgetMs = 600_000;

areNoticed(t, mutationsOf('slow'), budgetMs);
