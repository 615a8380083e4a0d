/** The reader of Markdown pages: what counts as a link, an anchor, a command and a flag. */
import t from 'tap';
import { flagsOf, invocationsOf, parseMarkdown } from './markdown.js';

t.test('links in prose count, links in code and to other sites do not', async (t) => {
  const text = '[a](b.md#c) `[d](e.md)` [f](https://g) [`h`](i.md) ![j](k.png "l")';
  const { links } = parseMarkdown(`${text}\n\n\`\`\`\n[m](n.md)\n\`\`\`\n`);
  t.same(links.map(({ path }) => path).sort(), ['b.md', 'i.md', 'k.png']);
  t.ok(links.some(({ anchor }) => anchor === 'c'));
});

t.test('a heading has the anchor that GitHub gives it', async (t) => {
  const { anchors } = parseMarkdown(
    '# Die `--flag`, (R1)\n\n## Same\n\n## Same\n<a id="own"></a>\n',
  );
  t.same([...anchors], ['die---flag-r1', 'same', 'same-1', 'own']);
});

t.test('a line that ends with a backslash goes on', async (t) => {
  const { lines } = parseMarkdown('```sh\nbazar up \\\n  --detach\n```\n');
  t.ok(lines.includes('bazar up --detach'));
});

t.test('each part of a pipe is a command, without prompt, environment and comment', async (t) => {
  const line = '$ A=1 sudo bazar buy "x | y" | grep z && ./start.sh --detach # note --no';
  t.same(invocationsOf(line), [
    ['bazar', 'buy', '"x___y"'],
    ['grep', 'z'],
    ['./start.sh', '--detach'],
  ]);
});

t.test('a flag has no dashes and no value', async (t) => {
  t.same(flagsOf(['up', '--port-offset=5', '[--detach]', '-a', '--']), ['port-offset', 'detach']);
});
