import nacl from 'tweetnacl'
import { expect, test } from 'vitest'
import { concatBytes, encodeCanonical, toHex } from '../encoding/index.ts'
import { nodeSigner } from '#node/crypto'
import type { Signer } from '../identity/index.ts'
import { deskCrypto, deskIds, issued, phone, takenApart } from '../../test/actors/ticket-desk.ts'
import { codeOf, commitmentOf, nullifierOf, sealDetails, searchTagOf } from './tags.ts'
import { decodeTicketBody } from './ticket.ts'
import { blindHolderOf, blindSeatSecret, phoneSecretOf, seatHashOf } from './blind.ts'

/** What a member who sees all documents has of one ticket: what stands there at issue and at redemption. */
interface Published {
  issue: Uint8Array[]
  redemption: Uint8Array[]
}

const { sha256 } = deskCrypto
const { event } = deskIds
const TICKETS = 12
/** Bytes that two texts must share to be linked: by chance none of ours do. */
const SHARED_BYTES = 8

/** All the hashes that tickets use. */
const HASHES = ['commitment', 'seat', 'code', 'search', 'details', 'slot'].map(
  (it) => `coopmesh ticket ${it}`,
)
/** Lengths of what goes into a hash: search tag, nonce; code; seat secret, tags; keys and hashes; bodies. */
const LENGTHS = [8, 10, 16, 32, 51, 83]

/** Tickets as they are published: every second one has a holder, every third one details. */
function tickets(): { secret: Uint8Array; body: Uint8Array; published: Published }[] {
  return Array.from({ length: TICKETS }, (_, i) => {
    const drawn = sha256(Uint8Array.of(i))
    const draft = {
      serial: i,
      seatSecret: drawn.slice(0, 16),
      nonce: drawn.slice(16, 24),
      seatHash: null,
      validity: null,
    }
    const { body } = takenApart(issued({ ...draft, holder: i % 2 === 0 ? phone.publicKey : null }))
    const tag = searchTagOf(event, codeOf(event, body, sha256), sha256)
    const sealed = sealDetails(event, body, i % 3 === 0 ? `Guest ${i}` : null, sha256)
    const issue = [commitmentOf(event, body, sha256), tag, sealed]
    const redemption = [nullifierOf(event, draft.seatSecret, sha256)]
    return { secret: draft.seatSecret, body, published: { issue, redemption } }
  })
}

/** Pairs of issue and redemption of which the curious member says that they belong together. */
function linked(published: readonly Published[]): [number, number][] {
  const issues = new Map<string, number>()
  for (const [i, it] of published.entries()) for (const mark of marksOf(it.issue)) issues.set(mark, i)
  const pairs = new Map<string, [number, number]>()
  for (const [i, it] of published.entries())
    for (const mark of marksOf(it.redemption)) {
      const other = issues.get(mark)
      if (other !== undefined) pairs.set(`${other} ${i}`, [other, i])
    }
  return [...pairs.values()]
}

/** What a text can be known by again: each stretch of it and of all that can be made of it. */
function marksOf(texts: readonly Uint8Array[]): Set<string> {
  const name = texts.map(toHex).join()
  const marks = knownMarks.get(name) ?? findMarks(texts)
  knownMarks.set(name, marks)
  return marks
}

/** By the texts: most are the same in all tests. */
const knownMarks = new Map<string, Set<string>>()

function findMarks(texts: readonly Uint8Array[]): Set<string> {
  const raw = [...texts]
  const codes = texts.flatMap((it) => [
    ...stretches(it, 10),
    ...wholeHashesOf(it).map((hash) => hash.slice(0, 10)),
  ])
  for (const sealed of texts.filter((it) => it.length > 32))
    for (const code of codes) {
      const opened = nacl.secretbox.open(sealed, new Uint8Array(24), hashed('coopmesh ticket details', code))
      if (opened !== null) raw.push(opened)
    }
  const whole = texts.length > 1 ? [...raw, concatBytes(...texts)] : raw
  const derived = whole.flatMap(hashesOf)
  // What is published is the beginning of a hash; so beginnings of hashes are hashed once more.
  const again = [...texts.flatMap(wholeHashesOf)].flatMap((hash) =>
    LENGTHS.flatMap((length) => (length <= 32 ? wholeHashesOf(hash.slice(0, length)) : [])),
  )
  const marks = new Set(raw.flatMap((it) => stretches(it, SHARED_BYTES)).map(toHex))
  for (const hash of [...derived, ...again]) marks.add(toHex(hash.subarray(0, SHARED_BYTES)))
  return marks
}

function hashesOf(text: Uint8Array): Uint8Array[] {
  const parts = [text, ...LENGTHS.flatMap((length) => stretches(text, length))]
  return parts.flatMap(wholeHashesOf)
}

function wholeHashesOf(text: Uint8Array): Uint8Array[] {
  return [sha256(text), ...HASHES.map((name) => hashed(name, text))]
}

function hashed(name: string, text: Uint8Array): Uint8Array {
  return sha256(encodeCanonical([name, event, text]))
}

function stretches(text: Uint8Array, length: number): Uint8Array[] {
  const count = Math.max(0, text.length - length + 1)
  return Array.from({ length: count }, (_, i) => text.subarray(i, i + length))
}

/** The same tickets, one of which is published with something more or other. */
function planted(change: (it: ReturnType<typeof tickets>[number]) => Partial<Published>): Published[] {
  return tickets().map((it, i) => (i === 7 ? { ...it.published, ...change(it) } : it.published))
}

test('documents link no issue to a redemption', () => {
  expect(linked(tickets().map((it) => it.published))).toEqual([])
})

test('all that is published of different tickets differs', () => {
  const all = tickets().flatMap(({ published }) => [...published.issue, ...published.redemption])
  expect(new Set(all.map(toHex)).size).toBe(all.length)
})

test('a leak that is planted is found', () => {
  const leaks: [string, (it: ReturnType<typeof tickets>[number]) => Partial<Published>][] = [
    ['the nullifier at issue', ({ published }) => ({ issue: [...published.issue, ...published.redemption] })],
    ['the commitment at redemption', ({ published }) => ({ redemption: published.issue.slice(0, 1) })],
    ['the search tag at redemption', ({ published }) => ({ redemption: published.issue.slice(1, 2) })],
    ['the seat secret at issue', ({ secret, published }) => ({ issue: [...published.issue, secret] })],
    ['the body at issue', ({ body, published }) => ({ issue: [...published.issue, body] })],
    [
      'the code at issue, which opens the body',
      ({ body, published }) => ({ issue: [...published.issue, codeOf(event, body, sha256)] }),
    ],
    [
      'the code at redemption, which the search tag is made of',
      ({ body, published }) => ({ redemption: [...published.redemption, codeOf(event, body, sha256)] }),
    ],
    [
      'a nullifier that is made of the commitment',
      ({ published }) => ({
        redemption: [nullifierOf(event, published.issue[0] ?? new Uint8Array(), sha256)],
      }),
    ],
    [
      'a nullifier that is made of the search tag',
      ({ published }) => ({ redemption: [sha256(published.issue[1] ?? new Uint8Array()).slice(0, 16)] }),
    ],
    [
      'details that are sealed with a hash of the commitment',
      ({ body, published: { issue } }) => {
        const commitment = issue[0] ?? new Uint8Array()
        const code = hashed('coopmesh ticket code', commitment).slice(0, 10)
        const key = hashed('coopmesh ticket details', code)
        const sealed = nacl.secretbox(encodeCanonical([body, null]), new Uint8Array(24), key)
        return { issue: [...issue.slice(0, 2), sealed] }
      },
    ],
  ]
  for (const [name, change] of leaks) expect(linked(planted(change)), name).toEqual([[7, 7]])
})

/** A blind ticket, as its issuer saw it sold. */
interface Sold {
  phone: Signer
  body: Uint8Array
  /** All that the issuer was told, drew, signed and wrote: its request's secret, what the buyer gave, the ticket. */
  transcript: Uint8Array[]
  /** What stands in the documents at redemption. */
  nullifier: Uint8Array
}

/** The issuer's key is part of what it has: all that follows from it is in the transcripts. */
function sold(isBlind: boolean): Sold[] {
  return Array.from({ length: TICKETS }, (_, i) => {
    const signer = nodeSigner(sha256(Uint8Array.of(7, i)))
    const drawn = sha256(Uint8Array.of(i))
    const holder = blindHolderOf(signer, sha256)
    const seat = isBlind
      ? { seatSecret: null, seatHash: holder.slice(32) }
      : { seatSecret: drawn.slice(0, 16), seatHash: null }
    const draft = { serial: i, nonce: drawn.slice(16, 24), validity: null, holder: signer.publicKey, ...seat }
    const bytes = issued(draft)
    const { body } = takenApart(bytes)
    const code = codeOf(event, body, sha256)
    const stated = concatBytes(commitmentOf(event, body, sha256), searchTagOf(event, code, sha256))
    const secret = seat.seatSecret ?? blindSeatSecret(signer.publicKey, phoneSecretOf(signer, sha256), sha256)
    const transcript = [drawn, holder, bytes, code, stated, sealDetails(event, body, null, sha256)]
    return { phone: signer, body, transcript, nullifier: nullifierOf(event, secret, sha256) }
  })
}

/** Tickets of which the issuer says which pass is theirs: by each nullifier that it can make of anything that it has. */
function toldByIssuer(tickets: readonly Sold[]): [number, number][] {
  const passes = new Map(tickets.map(({ nullifier }, i) => [toHex(nullifier), i]))
  const pairs: [number, number][] = []
  for (const [i, { transcript, phone: signer }] of tickets.entries()) {
    const known = new Set(transcript.flatMap((it) => stretches(it, 16)).map(toHex))
    const parts = [...known].map((it) => Uint8Array.from(Buffer.from(it, 'hex')))
    // Secrets of a phone that it may have been told, and hashes of all as in making a seat hash, once and twice.
    const hashes = parts.flatMap((it) => [
      seatHashOf(it, sha256),
      seatHashOf(seatHashOf(it, sha256), sha256),
      blindSeatSecret(signer.publicKey, it, sha256),
      ...wholeHashesOf(it).map((hash) => hash.slice(0, 16)),
    ])
    const found = new Set<number>()
    for (const it of [...parts, ...hashes])
      for (const made of [it, nullifierOf(event, it, sha256)]) {
        const pass = passes.get(toHex(made))
        if (pass !== undefined) found.add(pass)
      }
    for (const pass of found) pairs.push([i, pass])
  }
  return pairs
}

test('the issuer of a blind ticket cannot tell its pass, with all that it had and all documents', () => {
  expect(toldByIssuer(sold(true))).toEqual([])
})

test('the issuer of any other ticket can: it drew the secret', () => {
  expect(toldByIssuer(sold(false))).toEqual(Array.from({ length: TICKETS }, (_, i) => [i, i]))
})

test('a leak to the issuer that is planted is found', () => {
  const leaks: [string, (it: Sold) => Uint8Array][] = [
    ['the secret of the phone in the request', (it) => phoneSecretOf(it.phone, sha256)],
    [
      'the seat secret beside other bytes',
      (it) => {
        const secret = phoneSecretOf(it.phone, sha256)
        return concatBytes(Uint8Array.of(1, 2, 3), blindSeatSecret(it.phone.publicKey, secret, sha256))
      },
    ],
    ['the nullifier', (it) => it.nullifier],
  ]
  for (const [name, leak] of leaks) {
    const tickets = sold(true).map((it, i) =>
      i === 7 ? { ...it, transcript: [...it.transcript, leak(it)] } : it,
    )
    expect(toldByIssuer(tickets), name).toEqual([[7, 7]])
  }
  // A nullifier of what the issuer was given is none.
  const told = sold(true).map((it, i) => {
    const { seatHash } = decodeTicketBody(it.body) ?? { seatHash: null }
    return i === 7 ? { ...it, nullifier: nullifierOf(event, seatHash ?? it.body, sha256) } : it
  })
  expect(toldByIssuer(told)).toEqual([[7, 7]])
})

test('whoever has the ticket links both', () => {
  const [one] = tickets()
  const ticket = decodeTicketBody(one?.body ?? new Uint8Array())
  expect(nullifierOf(event, ticket?.seatSecret ?? new Uint8Array(), sha256)).toEqual(
    one?.published.redemption[0],
  )
})
