import { describe, expect, test } from 'vitest'
import { keyFragment, newKeyLink, readKeyLink, readTicketLink, ticketLink } from './ticket-link.ts'

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

  test('to a key says whether one is to be made, and is no ticket', () => {
    const made = new URL(newKeyLink('http://127.0.0.1:80', 'Night & Day'))
    expect([made.pathname, made.search]).toEqual(['/ticket', ''])
    expect(readKeyLink(made.hash)).toEqual({ seed: null, event: 'Night & Day' })
    const fragment = keyFragment(TICKET.seed, 'Night & Day')
    expect(readKeyLink(fragment)).toEqual({ seed: TICKET.seed, event: 'Night & Day' })
    expect([readTicketLink(made.hash), readTicketLink(fragment)]).toEqual([null, null])
    for (const it of ['', '#', '#key=', '#key=AAAA', '#t=AAAA']) expect(readKeyLink(it), it).toBe(null)
  })
})
