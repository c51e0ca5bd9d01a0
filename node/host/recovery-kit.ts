import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { entropyToMnemonic, mnemonicToEntropy, validateMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { portableSigner } from '#protocol/identity'
import type { Signer } from '#protocol/identity'
import { CoopError, systemCode } from '#node/errors'
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

/** The kit behind words that a person typed; blanks, line breaks and capitals are forgiven. */
export function kitOfWords(text: string): RecoveryKit {
  const words = text.trim().toLowerCase().split(/\s+/)
  const isWhole = words.length === KIT_WORDS && validateMnemonic(words.join(' '), wordlist)
  if (isWhole)
    return { words: words.join(' '), signer: portableSigner(mnemonicToEntropy(words.join(' '), wordlist)) }
  const stranger = words.find((word) => !wordlist.includes(word))
  const why =
    words.length === KIT_WORDS
      ? stranger === undefined
        ? 'one of the words, or their order, is wrong'
        : 'a word is none of a kit'
      : `there are ${words.length === 1 && words[0] === '' ? 0 : words.length} words`
  throw new CoopError(
    'kit-malformed',
    `this is not a recovery kit of ${KIT_WORDS} words: ${why}`,
    'Copy the words from paper again, in their order.',
  )
}

/** Words of a kit: 256 bits and a checksum of 8 (BIP-39). */
const KIT_WORDS = 24

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

/** What a person is told who joined with a kit of before. */
export const OWN_KIT_NOTE = 'You joined with the recovery kit that you have. Keep it; there is no other one.'

/** What a person is told beside the words. */
export const KIT_NOTE =
  'This is the recovery key of your membership. Write the 24 words on paper and keep them away from this device: ' +
  'they certify your next device if this one is lost or stolen. They are shown this once and stored nowhere.'
