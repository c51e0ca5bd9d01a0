import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { entropyToMnemonic, mnemonicToEntropy, validateMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { portableSigner } from '#protocol/identity'
import type { Signer } from '#protocol/identity'
import { systemCode } from '#node/errors'
import { writeDurably } from '#node/folder'

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

/**
 * The recovery key of a device that is about to ask for admission. It lies in a file (mode 0600) until the answer is
 * there, which is when the caller removes it: a device that was admitted without hearing so would otherwise come
 * back with another key, and the words that its owner writes down would open nothing.
 */
export async function joiningKit(path: string): Promise<RecoveryKit> {
  const words = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return ''
    throw cause
  })
  if (validateMnemonic(words.trim(), wordlist)) {
    return { words: words.trim(), signer: portableSigner(mnemonicToEntropy(words.trim(), wordlist)) }
  }
  const kit = newKit()
  await writeDurably(path, `${kit.words}\n`)
  return kit
}

/** What a person is told beside the words. */
export const KIT_NOTE =
  'This is the recovery key of your membership. Write the 24 words on paper and keep them away from this device: ' +
  'they certify your next device if this one is lost or stolen. They are shown this once and stored nowhere.'
