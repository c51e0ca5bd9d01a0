import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { readBoardFrame, writeEditFrame } from './board-frame.ts'

describe('messages of a live board', () => {
  it('carry the session, its 53-bit writer and the right to write', () => {
    const bytes = new Uint8Array(14)
    const view = new DataView(bytes.buffer)
    view.setUint32(1, 4_000_000_000)
    view.setFloat64(5, 2 ** 53 - 1)
    view.setUint8(13, 1)
    expect(readBoardFrame(bytes.buffer)).toEqual({
      kind: 'session',
      session: 4_000_000_000,
      clientId: 2 ** 53 - 1,
      canWrite: true,
    })
  })

  it('carry updates, receipts and refusals', () => {
    expect(readBoardFrame(Uint8Array.of(1, 7, 8).buffer)).toEqual({
      kind: 'update',
      update: Uint8Array.of(7, 8),
    })
    expect(readBoardFrame(Uint8Array.of(3, 0, 0, 1, 0).buffer)).toEqual({ kind: 'ack', number: 256 })
    const body = new TextEncoder().encode(JSON.stringify({ code: 'role', message: 'No.', next: 'Ask.' }))
    const frame = Uint8Array.of(4, 0, 0, 0, 9, ...body)
    expect(readBoardFrame(frame.buffer)).toEqual({
      kind: 'refused',
      number: 9,
      code: 'role',
      message: 'No.',
      next: 'Ask.',
    })
  })

  it('never throw, whatever arrives', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readBoardFrame(Uint8Array.from(bytes).buffer)))
  })

  it('number the edits of the page', () => {
    expect(writeEditFrame(258, Uint8Array.of(5))).toEqual(Uint8Array.of(2, 0, 0, 1, 2, 5))
  })
})
