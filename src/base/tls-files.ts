/** A certificate with its key, in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** Of a service that also asks its peers for their certificates. */
export interface PeerTlsFiles extends TlsFiles {
  /** The authority whose certificates are believed: all of one store have the same. */
  readonly ca: string;
}
