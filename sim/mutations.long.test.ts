/** Broken rules that only many seeds notice; mutations.test.ts has the others. */
import t from 'tap';
import { areNoticed, mutationsOf } from './noticed.js';

const budgetMs = 600_000;

areNoticed(t, mutationsOf('slow'), budgetMs);
