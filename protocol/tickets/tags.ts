import nacl from 'tweetnacl'
import { decodeCanonical, encodeCanonical, equalBytes, isName } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import type { Sha256 } from '../identity/index.ts'
import { HOLDER_BODY_BYTES, decodeTicketBody } from './ticket.ts'
import type { Ticket } from './ticket.ts'

/** Bytes of a commitment. */
export const COMMITMENT_BYTES = 16
/** Bytes of a nullifier. */
export const NULLIFIER_BYTES = 16
/** Bytes of a code: 80 bits, beyond guessing, and 16 letters to read out. */
export const CODE_BYTES = 10
/** Bytes of a search tag. */
export const SEARCH_TAG_BYTES = 8
/** Longest details of a ticket, UTF-8 bytes. A guess: a name and a word on access. */
export const DETAILS_BYTES_MAX = 200
/** Longest sealed details: the longest body and details as an encoded list, and 16 bytes of the seal. */
export const SEALED_BYTES_MAX: number = 1 + 2 + HOLDER_BODY_BYTES + 2 + DETAILS_BYTES_MAX + 16

/** What stands in the documents of an issued ticket: 16 bytes. */
export function commitmentOf(event: string, body: Uint8Array, sha256: Sha256): Uint8Array {
  return hashOf(sha256, 'coopmesh ticket commitment', event, body).slice(0, COMMITMENT_BYTES)
}

/** What stands in the documents of a redemption: 16 bytes, the same for all tickets of one seat. */
export function nullifierOf(event: string, seatSecret: Uint8Array, sha256: Sha256): Uint8Array {
  return hashOf(sha256, 'coopmesh ticket seat', event, seatSecret).slice(0, NULLIFIER_BYTES)
}

/** The code of a ticket, which its holder can read out: 10 bytes. Whoever has it can open the details. */
export function codeOf(event: string, body: Uint8Array, sha256: Sha256): Uint8Array {
  return hashOf(sha256, 'coopmesh ticket code', event, body).slice(0, CODE_BYTES)
}

/** What is looked for in the documents when a code is read out: 8 bytes. */
export function searchTagOf(event: string, code: Uint8Array, sha256: Sha256): Uint8Array {
  return hashOf(sha256, 'coopmesh ticket search', event, code).slice(0, SEARCH_TAG_BYTES)
}

/**
 * Text of a code: four groups of four letters of Crockford's base32, which leaves out I, L, O and U, so that what
 * people confuse can be read.
 */
export function codeText(code: Uint8Array): string {
  let bits = 0n
  for (const byte of code) bits = (bits << 8n) | BigInt(byte)
  const letters = Array.from(
    { length: CODE_LETTERS },
    (_, i) => LETTERS[Number((bits >> BigInt(5 * (CODE_LETTERS - 1 - i))) & 31n)],
  )
  return letters.join('').replaceAll(/(.{4})(?=.)/g, '$1-')
}

/** The code that someone typed; case, blanks and dashes do not matter, O is 0, I and L are 1. Null for no code. */
export function readCode(text: string): Uint8Array | null {
  if (text.length > CODE_TEXT_LENGTH_MAX) return null
  const plain = text.replaceAll(BETWEEN, '')
  if (!CODE_SHAPE.test(plain)) return null
  let bits = 0n
  for (const letter of plain.toUpperCase()) {
    const value = LETTERS.indexOf(CONFUSED.get(letter) ?? letter)
    if (value < 0) return null
    bits = (bits << 5n) | BigInt(value)
  }
  return Uint8Array.from({ length: CODE_BYTES }, (_, i) => Number((bits >> BigInt(8 * (9 - i))) & 0xffn))
}

/** True for details that a ticket may have: a name in the sense of docs/protocol/encoding.md, of 200 bytes at most. */
export function isDetails(value: Value | undefined): value is string {
  return isName(value, DETAILS_BYTES_MAX) && encodeCanonical(value).length <= 2 + DETAILS_BYTES_MAX
}

/**
 * Body and details of a ticket, sealed with its code. The key serves for this one text only: details of a ticket
 * never change, another text needs another ticket.
 *
 * @throws RangeError for details that `isDetails` refuses
 */
export function sealDetails(
  event: string,
  body: Uint8Array,
  details: string | null,
  sha256: Sha256,
): Uint8Array {
  if (details !== null && !isDetails(details)) throw new RangeError('no ticket has these details')
  const key = detailsKey(event, codeOf(event, body, sha256), sha256)
  return nacl.secretbox(encodeCanonical([body, details]), NONCE, key)
}

/** What a code opens; null when it does not fit, or the sealed body is not that of the code. */
export function openDetails(
  event: string,
  sealed: Uint8Array,
  code: Uint8Array,
  sha256: Sha256,
): { ticket: Ticket; body: Uint8Array; details: string | null } | null {
  if (sealed.length > SEALED_BYTES_MAX) return null
  const opened = nacl.secretbox.open(sealed, NONCE, detailsKey(event, code, sha256))
  const decoded = opened === null ? null : decodeCanonical(opened)
  if (decoded?.ok !== true || !Array.isArray(decoded.value) || decoded.value.length !== 2) return null
  const [body, details] = decoded.value
  if (!(body instanceof Uint8Array) || (details !== null && !isDetails(details))) return null
  const ticket = decodeTicketBody(body)
  if (ticket === null || !equalBytes(codeOf(event, body, sha256), code)) return null
  return { ticket, body: body.slice(), details }
}

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const CODE_LETTERS = 16
/** Room for blanks and dashes. */
const CODE_TEXT_LENGTH_MAX = 64
/** White space and dashes. */
const BETWEEN: RegExp = /[\t\n\r \u{a0}\u{2010}-\u{2015}\u{2212}-]/gu
/** Checked before letters are made capitals, since that makes some of other alphabets ours. */
const CODE_SHAPE: RegExp = /^[0-9A-Za-z]{16}$/
const CONFUSED: ReadonlyMap<string, string> = new Map([
  ['O', '0'],
  ['I', '1'],
  ['L', '1'],
])
/** Always the same: each key seals one text. */
const NONCE: Uint8Array = new Uint8Array(nacl.secretbox.nonceLength)

function detailsKey(event: string, code: Uint8Array, sha256: Sha256): Uint8Array {
  return hashOf(sha256, 'coopmesh ticket details', event, code)
}

function hashOf(sha256: Sha256, ...parts: Value[]): Uint8Array {
  return sha256(encodeCanonical(parts))
}
