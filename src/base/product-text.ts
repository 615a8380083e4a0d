/**
 * The texts of products: how a name or topic is normalised, and when two of them are equal
 * (docs/PROTOCOL.md, section 5). The functions are pure. Every replica must compute the same result, so
 * they use only properties that Unicode never changes for an assigned character.
 */

/** Controls, and the separators of lines and paragraphs. */
const control = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const controls = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
/** Covers most texts: there is nothing to normalise, and folding is only lower case. */
const plain = /^[\x20-\x7e]*$/;

export function hasControl(text: string): boolean {
  return control.test(text);
}

/** In normal form C, without white space at its ends. */
export function tidyText(text: string): string {
  return (plain.test(text) ? text : text.normalize('NFC')).trim();
}

/** Also replaces each run of control characters by a space. */
export function cleanText(text: string): string {
  return tidyText(text.replace(controls, ' '));
}

/** In normal form and without case: for text search. */
export function foldText(text: string): string {
  if (plain.test(text)) return text.toLowerCase();
  // Upper case in between makes ß equal to ss. It would also turn the dotless ı into i, which is wrong.
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
