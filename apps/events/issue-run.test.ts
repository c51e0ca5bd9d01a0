import { describe, expect, test } from 'vitest'
import type { IssueRequest, IssuedTicket } from './event-calls.ts'
import { guestsOf, runOrder, tooLongGuest } from './issue-run.ts'
import type { IssueOrder } from './issue-run.ts'

const ORDER: IssueOrder = {
  ...{ event: 'e', class: 'seat-a', className: 'Standing', group: 'North', complimentary: true },
  ...{ count: 1_100, details: Array.from({ length: 1_100 }, (_, i) => `guest ${i}`), id: 'ab'.repeat(16) },
}

/** A node that issues once under each id; `failsAt`: the call whose answer is lost. */
class Issuer {
  readonly parts = new Map<string, IssuedTicket[]>()
  calls = 0
  failsAt = 0

  async issue(_: string, { count, details, group }: IssueRequest, id: string): Promise<IssuedTicket[]> {
    this.calls += 1
    const known =
      this.parts.get(id) ??
      Array.from({ length: count }, (_, i) => ({
        text: `${id} ${i}`,
        number: '',
        group,
        code: details[i] ?? '',
      }))
    this.parts.set(id, known)
    if (this.calls === this.failsAt) throw new Error('no answer')
    return known
  }
}

describe('a run of tickets', () => {
  test('goes in parts, each guest with a ticket of their own, and tells how far it is', async () => {
    const node = new Issuer()
    const seen: number[] = []
    const tickets = await runOrder(node, ORDER, [], (all) => seen.push(all.length) > 0)
    expect(seen).toEqual([500, 1_000, 1_100])
    expect(tickets.map((it) => it.code)).toEqual(ORDER.details)
    for (const id of node.parts.keys()) expect(id).toMatch(/^[0-9a-f]{32}$/)
  })

  test('goes on after a lost answer and from the beginning alike, and issues nothing twice', async () => {
    const node = new Issuer()
    node.failsAt = 2
    let done: readonly IssuedTicket[] = []
    const note = (all: readonly IssuedTicket[]): boolean => {
      done = all
      return true
    }
    await expect(runOrder(node, ORDER, [], note)).rejects.toThrow('no answer')
    expect(done.length).toBe(500)
    const tickets = await runOrder(node, ORDER, done, note)
    const again = await runOrder(node, ORDER, [], note)
    expect(again).toEqual(tickets)
    expect([node.parts.size, new Set(tickets.map((it) => it.text)).size]).toEqual([3, 1_100])
  })

  test('pauses between two parts', async () => {
    const node = new Issuer()
    const tickets = await runOrder(node, ORDER, [], () => false)
    expect([tickets.length, node.calls]).toEqual([500, 1])
  })
})

test('guests are lines without blank ones, and one that is too long is named', () => {
  expect(guestsOf(' Nora\r\n\n\tBo\tK \n  \nZoë')).toEqual(['Nora', 'Bo K', 'Zoë'])
  expect(tooLongGuest(['a'.repeat(200), 'b'])).toBe(null)
  expect(tooLongGuest(['a', 'ü'.repeat(101)])).toBe('ü'.repeat(101))
})
