import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { concatBytes, decodeCanonical, encodeCanonical, fromHex, toHex } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import { SignatureRule } from '#protocol/identity'
import {
  blindSeatSecret,
  checkRotating,
  codeOf,
  codeText,
  commitmentOf,
  decodeTicket,
  evaluateRule,
  issueTicket,
  makeRotatingCode,
  nullifierOf,
  openDetails,
  phoneSecretOf,
  readCode,
  readRule,
  readTicketText,
  sealDetails,
  searchTagOf,
  seatHashOf,
  seatSecretOf,
  slotAt,
  slotMessage,
  ticketMessage,
  ticketText,
  verifyTicket,
} from '#protocol/tickets'
import type { DecodedTicket, RuleFacts, TicketCandidates, TicketIds, TicketValidity } from '#protocol/tickets'
import { nodeCrypto, nodeSigner } from '#node/crypto'

interface DraftRow {
  name: string
  serial: number
  seatSecret: string | null
  /** Of blind tickets. */
  seatHash?: string
  nonce: string
  validity: TicketValidity | null
  holder: string | null
}

interface TicketRow extends DraftRow {
  event: string
  class: string
  bucket: string
  text: string
  codeText: string
  details: string | null
  coop: string
  seed: string
  body: string
  message: string
  bytes: string
  commitment: string
  /** Null for a blind ticket: its phone's secret makes it. */
  nullifier: string | null
  code: string
  searchTag: string
  sealed: string
}

interface RotatingRow {
  name: string
  /** Of blind tickets: what the phone shows, and what follows from it. */
  blind?: { secret: string; seatSecret: string; seatHash: string; event: string; nullifier: string }
  atMs: number
  slot: number
  ticket: string
  seed: string
  message: string
  bytes: string
  text: string
}

type Row<T> = { name: string } & T

interface File {
  tickets: TicketRow[]
  invalidDrafts: (DraftRow & { refusal: string })[]
  invalidTickets: Row<{ bytes: string; refusal: string }>[]
  invalidTexts: Row<{ text: string; refusal: string }>[]
  forged: Row<{ bytes: string; text: string }>[]
  rotating: RotatingRow[]
  shown: Row<{ bytes: string; nowMs: number; state: object }>[]
  codes: Row<{ text: string; hex: string; printed: string }>[]
  invalidCodes: Row<{ text: string }>[]
  invalidSealed: Row<{ event: string; code: string; sealed: string }>[]
  rules: Row<{ rule: Value; hex: string; facts: RuleFacts; failed: Value }>[]
  invalidRules: Row<{ hex: string; refusal: string }>[]
}

const crypto = nodeCrypto()
const { sha256 } = crypto
const rule = new SignatureRule(crypto)
const file = JSON.parse(readFileSync(new URL('vectors/tickets.json', import.meta.url), 'utf8')) as File
const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array()

function idsOf(row: TicketRow): TicketIds {
  return { coop: bytesOf(row.coop), event: row.event, class: row.class, bucket: row.bucket }
}

function draftOf(row: DraftRow): Parameters<typeof issueTicket>[1] {
  const { serial, validity } = row
  const holder = row.holder === null ? null : bytesOf(row.holder)
  const seatSecret = row.seatSecret === null ? null : bytesOf(row.seatSecret)
  const seatHash = row.seatHash === undefined ? null : bytesOf(row.seatHash)
  return { serial, validity, holder, seatSecret, seatHash, nonce: bytesOf(row.nonce) }
}

function takenApart(bytes: Uint8Array): DecodedTicket {
  const result = decodeTicket(bytes)
  if (!result.ok) throw new Error(result.refusal)
  return result.decoded
}

function candidatesOf(row: TicketRow): TicketCandidates {
  const { coop, event, class: seat, bucket } = idsOf(row)
  const issuers = [nodeSigner(bytesOf(row.seed)).publicKey]
  return { coop, events: [event], classes: [seat], buckets: [bucket], issuers }
}

test('tickets.json: tickets are issued so, read so and verify', () => {
  for (const row of file.tickets) {
    const made = issueTicket(idsOf(row), draftOf(row), nodeSigner(bytesOf(row.seed)))
    expect(made, row.name).toEqual({ ok: true, bytes: bytesOf(row.bytes), body: bytesOf(row.body) })
    expect(toHex(ticketMessage(idsOf(row), bytesOf(row.body))), row.name).toBe(row.message)
    expect(ticketText(bytesOf(row.bytes)), row.name).toBe(row.text)
    const decoded = takenApart(bytesOf(row.bytes))
    expect(readTicketText(row.text), row.name).toEqual({ ok: true, decoded })
    expect(decoded.ticket, row.name).toMatchObject(draftOf(row))
    expect(verifyTicket(decoded, candidatesOf(row), rule).ok, row.name).toBe(true)
  }
})

test('tickets.json: tags, codes and sealed details', () => {
  for (const row of file.tickets) {
    const body = bytesOf(row.body)
    const code = codeOf(row.event, body, sha256)
    expect(toHex(commitmentOf(row.event, body, sha256)), row.name).toBe(row.commitment)
    const secret = row.seatSecret === null ? null : bytesOf(row.seatSecret)
    expect(secret === null ? null : toHex(nullifierOf(row.event, secret, sha256)), row.name).toBe(
      row.nullifier,
    )
    expect([toHex(code), codeText(code)], row.name).toEqual([row.code, row.codeText])
    expect(toHex(searchTagOf(row.event, code, sha256)), row.name).toBe(row.searchTag)
    expect(toHex(sealDetails(row.event, body, row.details, sha256)), row.name).toBe(row.sealed)
    const opened = openDetails(row.event, bytesOf(row.sealed), code, sha256)
    expect([opened?.body, opened?.details], row.name).toEqual([body, row.details])
  }
  for (const { name, event, code, sealed } of file.invalidSealed)
    expect(openDetails(event, bytesOf(sealed), bytesOf(code), sha256), name).toBe(null)
  for (const { name, text, hex, printed } of file.codes) {
    expect(toHex(readCode(text) ?? new Uint8Array()), name).toBe(hex)
    expect(codeText(bytesOf(hex)), name).toBe(printed)
  }
  for (const { name, text } of file.invalidCodes) expect(readCode(text), name).toBe(null)
})

test('tickets.json: what is not issued, no ticket, or forged', () => {
  const [first] = file.tickets
  if (first === undefined) throw new Error('no tickets')
  const signer = nodeSigner(bytesOf(first.seed))
  for (const row of file.invalidDrafts)
    expect(issueTicket(idsOf(first), draftOf(row), signer), row.name).toEqual({
      ok: false,
      refusal: row.refusal,
    })
  for (const { name, bytes, refusal } of file.invalidTickets)
    expect(decodeTicket(bytesOf(bytes)), name).toEqual({ ok: false, refusal })
  for (const { name, text, refusal } of file.invalidTexts)
    expect(readTicketText(text), name).toEqual({ ok: false, refusal })
  for (const { name, bytes, text } of file.forged) {
    const decoded = takenApart(bytesOf(bytes))
    expect(readTicketText(text), name).toEqual({ ok: true, decoded })
    expect(verifyTicket(decoded, candidatesOf(first), rule), name).toEqual({ ok: false, refusal: 'forged' })
  }
})

test('tickets.json: rotating codes, and what a gate makes of them', () => {
  for (const row of file.rotating) {
    const ticket = bytesOf(row.ticket)
    const made = makeRotatingCode(ticket, row.atMs, nodeSigner(bytesOf(row.seed)), sha256) ?? new Uint8Array()
    expect([toHex(made), ticketText(made), slotAt(row.atMs)], row.name).toEqual([
      row.bytes,
      row.text,
      row.slot,
    ])
    const shown = concatBytes(ticket, bytesOf(row.blind?.secret ?? ''))
    expect(toHex(slotMessage(shown, row.slot, sha256)), row.name).toBe(row.message)
    const decoded = takenApart(made)
    expect(decoded.rotating?.slot, row.name).toBe(row.slot % 65_536)
    if (row.blind === undefined) continue
    const { secret, seatSecret, seatHash, event, nullifier } = row.blind
    const { holder } = decoded.ticket
    const seat = blindSeatSecret(holder ?? new Uint8Array(), bytesOf(secret), sha256)
    expect(toHex(decoded.rotating?.secret ?? new Uint8Array()), row.name).toBe(secret)
    expect([seat, seatSecretOf(decoded, sha256)].map((it) => toHex(it ?? new Uint8Array()))).toEqual([
      seatSecret,
      seatSecret,
    ])
    expect(toHex(seatHashOf(seat, sha256)), row.name).toBe(seatHash)
    expect(toHex(nullifierOf(event, seat, sha256)), row.name).toBe(nullifier)
    expect(toHex(phoneSecretOf(nodeSigner(bytesOf(row.seed)), sha256)), row.name).toBe(secret)
  }
  for (const { name, bytes, nowMs, state } of file.shown)
    expect(checkRotating(takenApart(bytesOf(bytes)), nowMs, rule, sha256), name).toEqual(state)
})

test('tickets.json: rules', () => {
  for (const { name, rule, hex, facts, failed } of file.rules) {
    expect(toHex(encodeCanonical(rule)), name).toBe(hex)
    const read = readRule(rule)
    if (!read.ok) throw new Error(`${name}: ${read.refusal}`)
    expect(evaluateRule(read.rule, facts), name).toEqual(failed)
  }
  for (const { name, hex, refusal } of file.invalidRules) {
    const decoded = decodeCanonical(bytesOf(hex))
    expect(readRule(decoded.ok ? decoded.value : undefined), name).toEqual({ ok: false, refusal })
  }
})

test('tickets.json: as many invalid ones as valid ones, and more', () => {
  const { tickets, rotating, codes, rules, shown } = file
  const isGood = ({ state }: { state: object }): boolean => 'state' in state && state.state === 'fine'
  const valid = [tickets, rotating, codes, rules, shown.filter(isGood)]
  const { invalidDrafts, invalidTickets, invalidTexts, forged, invalidCodes, invalidSealed, invalidRules } =
    file
  const invalid = [
    invalidDrafts,
    invalidTickets,
    invalidTexts,
    forged,
    invalidCodes,
    invalidSealed,
    invalidRules,
  ]
  const count = (lists: { length: number }[]): number => lists.reduce((sum, it) => sum + it.length, 0)
  expect([count(valid), count(invalid)]).toEqual([33, 97])
})
