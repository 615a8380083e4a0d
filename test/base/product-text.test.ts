import t from 'tap';
import { cleanText, foldText, hasControl, textKey, tidyText } from '../../src/base/product-text.js';

t.test('a text is trimmed and in normal form C', async (t) => {
  t.equal(tidyText('  Tux\u00a0 '), 'Tux');
  t.equal(tidyText('Ba\u0308r'), 'Bär');
  t.ok(hasControl('Tux\u0007') && hasControl('a\nb') && hasControl('a\u2028b'));
  t.notOk(hasControl('Tux 本 👩‍🚀'));
  t.equal(cleanText('\tred\r\n  pen\u001b'), 'red   pen');
});

t.test('texts that differ only in case or form have one key', async (t) => {
  const same = [
    ['Tux', ' tUX '],
    ['Bär', 'BA\u0308R'],
    ['Straße', 'STRASSE', 'strasse'],
    ['ΣΟΦΟΣ', 'σοφος', 'σοφοσ'],
    ['ﬁn', 'FIN'],
    ['K', '\u212a'],
    ['\u1e9e', 'ß'],
  ];
  for (const texts of same) t.equal(new Set(texts.map(textKey)).size, 1, texts.join(' '));
  const different = ['Tux', 'Tuxx', 'T ux', 'ılık', 'ilik', 'Bar', 'Bär'];
  t.equal(new Set(different.map(textKey)).size, different.length);
});

t.test('the key of a key is the key itself, for each character', async (t) => {
  const wrong: string[] = [];
  for (let point = 0; point <= 0x1ffff; point++) {
    // Ideographs and syllables have no case; surrogates are no characters.
    if (point >= 0x3400 && point <= 0xdfff) continue;
    const text = `a${String.fromCodePoint(point)}b`;
    if (textKey(textKey(text)) !== textKey(text)) wrong.push(point.toString(16));
    if (foldText(foldText(text)) !== foldText(text)) wrong.push(`fold ${point.toString(16)}`);
    if (textKey(tidyText(text)) !== textKey(text)) wrong.push(`tidy ${point.toString(16)}`);
  }
  t.same(wrong, []);
});
