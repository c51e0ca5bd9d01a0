import { randomBytes } from 'node:crypto'
import { entropyToMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { portableSigner } from '#protocol/identity'
import type { Signer } from '#protocol/identity'

/** A member's recovery key, fresh. */
export interface RecoveryKit {
  /** 24 words (BIP-39, 256 bits with a checksum): the only copy. */
  words: string
  signer: Signer
}

/** Draws a recovery key. Show the words once and keep them nowhere. */
export function newKit(): RecoveryKit {
  const seed = new Uint8Array(randomBytes(32))
  return { words: entropyToMnemonic(seed, wordlist), signer: portableSigner(seed) }
}

/** What a person is told beside the words. */
export const KIT_NOTE =
  'This is the recovery key of your membership. Write the 24 words on paper and keep them away from this device: ' +
  'they certify your next device if this one is lost or stolen. They are shown this once and stored nowhere.'
