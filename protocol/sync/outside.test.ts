import { expect, test } from 'vitest'
import { AuthorityBook, bytesOf, makeSteward, person } from '../../test/actors/authority-book.ts'
import type { Replica } from '../replica/index.ts'
import { encodeFrame } from './frame.ts'
import type { Frame, Want } from './frame.ts'
import { asksTooMuch, isOutside } from './outside.ts'

const id = new Uint8Array(32).fill(7)
const wants: Want[] = [{ device: id, to: id, have: [] }]

test('a device outside may ask for acts of authority and for nothing else', () => {
  const ask = (frame: Frame): boolean => asksTooMuch(encodeFrame(frame))
  expect(ask({ kind: 'want', request: 1, isUrgentOnly: true, limit: 9, wants })).toBe(false)
  expect(ask({ kind: 'want', request: 1, isUrgentOnly: false, limit: 9, wants })).toBe(true)
  expect(ask({ kind: 'fetch', request: 1, document: 'board/menu', ids: [id] })).toBe(true)
  expect(ask({ kind: 'commits', request: 1, records: [id] })).toBe(false)
  expect(asksTooMuch(new Uint8Array([1]))).toBe(false)
})

test('closed, left and suspended devices are outside, but stewards keep in touch with stewards', () => {
  const [a, b, c, d] = [person(0), person(1), person(2), person(3)]
  const book = new AuthorityBook()
  for (const who of [b, c, d]) book.admit(who)
  book.decide([makeSteward(b)], [a])
  const seenBy = (own: string, device: string): boolean =>
    isOutside({ authority: book.state, device: own } as unknown as Replica, device)
  expect(seenBy(a.device, c.device)).toBe(false)
  expect(seenBy(a.device, 'never admitted')).toBe(false)
  book.do(a, { t: 'suspend', device: bytesOf(b.device), reason: '' })
  book.do(b, { t: 'suspend', device: bytesOf(a.device), reason: '' })
  expect([seenBy(a.device, b.device), seenBy(b.device, a.device)]).toEqual([false, false])
  expect([seenBy(c.device, a.device), seenBy(c.device, b.device)]).toEqual([true, true])
  book.do(a, { t: 'suspend', device: bytesOf(c.device), reason: '' })
  expect(seenBy(b.device, c.device)).toBe(true)
  book.decide([{ kind: 'close', device: bytesOf(c.device) }], [a, b])
  book.do(d, { t: 'leave', signature: null })
  expect([seenBy(a.device, c.device), seenBy(a.device, d.device)]).toEqual([true, true])
  // A steward who leaves is needed until a seal says so.
  book.do(b, { t: 'leave', signature: null })
  expect([seenBy(a.device, b.device), seenBy(b.device, b.device)]).toEqual([false, false])
  book.commit(book.record({ left: [b.signer.publicKey] }), [a, b])
  expect([seenBy(a.device, b.device), seenBy(b.device, b.device)]).toEqual([true, true])
})
