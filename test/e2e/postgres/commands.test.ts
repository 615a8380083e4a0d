/** The file of the same name, over the SQL engine. */
import '../use-postgres.js';
import '../commands.test.js';
