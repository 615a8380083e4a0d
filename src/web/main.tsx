/** The page's entry: starts the parts that all views share, and shows the first view. */
import { render } from 'preact';
import { App } from './app.js';
import { startTheme } from './parts/theme.js';
import { startFeed } from './store/feed.js';
import './styles/base.css';
import './styles/frame.css';
import './styles/controls.css';
import './styles/shop.css';
import './styles/operations.css';
import './styles/books.css';
import './styles/admin.css';
import './styles/motion.css';

const root = document.getElementById('page');
if (root) {
  startTheme();
  startFeed();
  render(<App />, root);
}
