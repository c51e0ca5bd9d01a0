import { readOnce } from '../document/index.ts'
import type { Readings } from '../document/index.ts'
import { toHex } from '../encoding/index.ts'

/** Names of commits and keys; where replicas share what they read, each is made once for all of them. */
export class Names {
  readonly #readings: Readings | undefined

  constructor(readings: Readings | undefined) {
    this.#readings = readings
  }

  /** The bytes in hex. */
  nameOf(bytes: Uint8Array): string {
    return readOnce(this.#readings, toHex, bytes)
  }

  /** The same bytes without the frame that they were a view into. */
  copyOf(bytes: Uint8Array): Uint8Array {
    return readOnce(this.#readings, copied, bytes)
  }
}

function copied(bytes: Uint8Array): Uint8Array {
  return bytes.slice()
}
