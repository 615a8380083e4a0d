/** A certificate with its key, in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** For a service that also requests its peers' certificates. */
export interface PeerTlsFiles extends TlsFiles {
  /** The trusted authority; all services of one store have the same. */
  readonly ca: string;
}
