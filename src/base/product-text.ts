/**
 * The texts of products: how a name or topic is written, and when two of them are the same
 * (docs/PROTOCOL.md, section 5). Pure. Every replica must come to the same, so these functions use
 * only properties that Unicode never changes for a character that is assigned.
 */

/** Controls and the two separators of lines and paragraphs. */
const control = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const controls = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
/** Most texts: nothing to normalise, and lower case is all that folding does. */
const plain = /^[\x20-\x7e]*$/;

export function hasControl(text: string): boolean {
  return control.test(text);
}

/** In normal form C, without white space at its ends. */
export function tidyText(text: string): string {
  return (plain.test(text) ? text : text.normalize('NFC')).trim();
}

/** The same, and each run of control characters is a space. */
export function cleanText(text: string): string {
  return tidyText(text.replace(controls, ' '));
}

/** In normal form and without case: for a search in texts. */
export function foldText(text: string): string {
  if (plain.test(text)) return text.toLowerCase();
  // Upper case in between makes ß the same as ss; the dotless ı would become an i, which it is not.
  const folded = text.normalize('NFC').split('ı').map(foldPart).join('ı');
  return folded.normalize('NFC');
}

function foldPart(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}

/** Equal for names, or topics, that count as the same. */
export function textKey(text: string): string {
  return plain.test(text) ? text.trim().toLowerCase() : foldText(cleanText(text));
}
