import { expect, test } from 'vitest'
import { toHex } from '#protocol/encoding'
import { CoopError } from '#node/errors'
import { kitOfWords, newKit } from './recovery-kit.ts'

/** What is wrong with these words, or null. */
function complaint(text: string): string | null {
  try {
    kitOfWords(text)
    return null
  } catch (cause) {
    if (!(cause instanceof CoopError)) throw cause
    return `${cause.code}: ${cause.message}`
  }
}

test('the words of a kit give its key again, however they were typed', () => {
  const { words, signer } = newKit()
  const typed = `  ${words.toUpperCase().replaceAll(' ', '\n')} \t`
  expect(kitOfWords(typed).words).toBe(words)
  expect(toHex(kitOfWords(typed).signer.publicKey)).toBe(toHex(signer.publicKey))
})

test('kit-malformed: too few words, a word of no kit, words in another order', () => {
  const words = newKit().words.split(' ')
  const [, second = '', ...rest] = words
  expect(complaint('')).toMatch(/^kit-malformed.*there are 0 words/)
  expect(complaint(rest.join(' '))).toMatch(/^kit-malformed.*there are 22 words/)
  expect(complaint(['zzz', second, ...rest].join(' '))).toMatch(/^kit-malformed.*a word is none of a kit/)
  // Half a kit is a valid phrase of its own in BIP-39, and no kit.
  const half = 'abandon '.repeat(11) + 'about'
  expect(complaint(half)).toMatch(/^kit-malformed.*there are 12 words/)
  const zeros = `${'abandon '.repeat(23)}art`
  expect(complaint(zeros)).toBe(null)
  expect(complaint(`${'abandon '.repeat(22)}art abandon`)).toMatch(/^kit-malformed.*their order, is wrong/)
})
