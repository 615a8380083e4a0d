/** A certificate with its key and, where others must show one too, the authority: all in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Whose certificates are believed. */
  readonly ca?: string;
}
