/** Imported before a file of tests, runs it over PostgreSQL: `store.ts` reads this when it is loaded. */
process.env.BAZAR_TEST_ENGINE = 'postgres';
