import { describe, expect, test } from 'vitest'
import { AWAY_MS, SeenCodes } from './seen-codes.ts'

const TICKET = `CT:${'A'.repeat(173)}`

describe('codes in front of the camera', () => {
  test('one that stays is sent once, and again when it was away for three seconds', () => {
    const seen = new SeenCodes()
    const sent = [0, 100, 2_900, 5_800, 8_700].map((atMs) => seen.isNew(TICKET, atMs))
    expect(sent).toEqual([true, false, false, false, false])
    expect(seen.isNew(TICKET, 8_700 + AWAY_MS)).toBe(true)
  })

  test('another is sent at once', () => {
    const seen = new SeenCodes()
    expect([seen.isNew(TICKET, 0), seen.isNew('CT:B', 1), seen.isNew(TICKET, 2)]).toEqual([true, true, true])
  })

  test('the next rotating code of a ticket that was let in is no news; of one that was refused it is', () => {
    const [first, second] = [`${TICKET}FIRST`, `${TICKET}SECOND`]
    for (const isLetIn of [true, false]) {
      const seen = new SeenCodes()
      seen.isNew(first, 0)
      seen.answered(first, isLetIn ? 'let-in' : 'refused', 50)
      expect(seen.isNew(second, 100)).toBe(!isLetIn)
    }
  })

  test('one that nobody answered is sent again every three seconds while it stays', () => {
    const seen = new SeenCodes()
    const sent: number[] = []
    for (let atMs = 0; atMs <= 7_000; atMs += 100) {
      if (!seen.isNew(TICKET, atMs)) continue
      sent.push(atMs)
      seen.answered(TICKET, 'unanswered', atMs)
    }
    expect(sent).toEqual([0, 3_000, 6_000])
  })

  test('one whose check took long is not sent again while it stays', () => {
    const seen = new SeenCodes()
    seen.isNew(TICKET, 0)
    seen.stays(TICKET, 4_000)
    seen.answered(TICKET, 'let-in', 4_050)
    expect(seen.isNew(TICKET, 4_100)).toBe(false)
  })
})
