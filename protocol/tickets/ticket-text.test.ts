import { expect, test } from 'vitest'
import {
  blindDraft,
  holderDraft,
  issued,
  issuedText,
  deskCrypto,
  phone,
  takenApart,
} from '../../test/actors/ticket-desk.ts'
import { makeRotatingCode } from './rotating.ts'
import { TICKET_SCAN_LENGTH_MAX, readTicketText, ticketText } from './ticket-text.ts'

const rotating =
  makeRotatingCode(issued(holderDraft), 1_800_000_000_000, phone, deskCrypto.sha256) ?? new Uint8Array()
const blind =
  makeRotatingCode(issued(blindDraft), 1_800_000_000_000, phone, deskCrypto.sha256) ?? new Uint8Array()
const texts = [issuedText(), issuedText(holderDraft), ticketText(rotating), ticketText(blind)]

test('texts have the letters of QR codes, and lengths that fit them', () => {
  expect(texts.map((it) => it.length)).toEqual([176, 224, 323, 347])
  for (const text of texts) expect(text).toMatch(/^CT:[0-9A-Z $%*+\-./:]*[0-5]$/)
})

test('a text reads to its ticket, whatever white space is around it', () => {
  const expected = [issued(), issued(holderDraft), rotating, blind].map((it) => ({
    ok: true,
    decoded: takenApart(it),
  }))
  for (const around of ['', '\r\n', '\t', ' \r\n\t '])
    expect(texts.map((it) => readTicketText(around + it + around))).toEqual(expected)
})

test('other texts are no tickets', () => {
  const text = issuedText()
  const others = [
    '',
    ' ',
    'CT',
    'CT:',
    'ct:',
    text.toLowerCase(),
    text.slice(3),
    `X${text}`,
    `CT:${text}`,
    `${text}\u{a0}`,
    `\u{feff}${text}`,
  ]
  others.push(
    `${text.slice(0, 40)} ${text.slice(40)}`,
    `${text.slice(0, 40)}\n${text.slice(40)}`,
    'https://example.org',
  )
  others.push('CT:\u{0}\u{0}\u{0}', '\u{d800}', text.replace(':', ''), 'CT:::::::')
  for (const it of others) expect(readTicketText(it), it).toEqual({ ok: false, refusal: 'not-a-ticket' })
})

test('a text that was cut off anywhere says so', () => {
  for (const text of texts)
    for (let length = 6; length < text.length; length += 1) {
      const read = readTicketText(text.slice(0, length).replace(/ $/, '0'))
      // The live code of a ticket that is bound to a phone begins with the ticket.
      // What ends with it ends within a group, whose first two letters are a byte or none.
      if (text.length > 224 && length === 224) expect(read.ok).toBe(text.length === 323)
      else expect(read, `${length} of ${text.length}`).toEqual({ ok: false, refusal: 'truncated' })
    }
})

test('a scan has an end', () => {
  const text = issuedText()
  expect(readTicketText(text.padEnd(TICKET_SCAN_LENGTH_MAX)).ok).toBe(true)
  expect(readTicketText(text.padEnd(TICKET_SCAN_LENGTH_MAX + 1))).toEqual({ ok: false, refusal: 'too-long' })
  expect(readTicketText('C'.repeat(1_000_000))).toEqual({ ok: false, refusal: 'too-long' })
})
