import { describe, expect, test } from 'vitest'
import { readTicketLink, ticketLink } from './ticket-link.ts'

const TICKET = {
  ticket: Uint8Array.from({ length: 147 }, (_, i) => (i * 37) % 256),
  seed: Uint8Array.from({ length: 32 }, (_, i) => 255 - i),
  event: 'Night Market & more',
  className: 'Day ticket',
  group: 'North',
  code: 'ABCD EFGH IJKL MNOP',
}

describe('the link to a ticket', () => {
  test('holds everything in its fragment, which is sent to nobody', () => {
    const link = new URL(ticketLink('http://127.0.0.1:80/x', TICKET))
    expect([link.pathname, link.search]).toEqual(['/ticket', ''])
    expect(readTicketLink(link.hash)).toEqual(TICKET)
  })

  test('may do without key and names', () => {
    const bare = { ...TICKET, seed: null, event: '', className: '', group: '', code: '' }
    expect(readTicketLink(new URL(ticketLink('http://a', bare)).hash)).toEqual(bare)
  })

  test('is refused when it is cut or is something else', () => {
    for (const it of ['', '#', '#t=', '#t=a', '#t=%25', '#t=AAAA&k=AAAA', '#token=x'])
      expect(readTicketLink(it), it).toBe(null)
  })
})
