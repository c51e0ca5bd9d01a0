/** SHA-256 of `bytes`: 32 bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array

/** What the protocol asks of a host's cryptography. Two implementations: `node:crypto` and tweetnacl. */
export interface Crypto {
  /** SHA-256 (FIPS 180-4). */
  readonly sha256: Sha256
  /**
   * Ed25519 verification (RFC 8032) of inputs that already passed the rule of `SignatureRule`; what it says about
   * others is not used.
   */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** The private half of one Ed25519 key, held by the host. */
export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** Ed25519 signature of `message`: 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}
