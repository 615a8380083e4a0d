/** The page in a browser, over the SQL engine. */
import '../use-postgres.js';
import '../../web/page.test.js';
