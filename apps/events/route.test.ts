import { expect, test } from 'vitest'
import { PARTS, eventAddress, readRoute } from './route.ts'

test('addresses are read as they were written, and anything else is the list', () => {
  const event = 'abcdefghijklmnopqrstuvwxyz'
  for (const part of PARTS)
    expect(readRoute(eventAddress(event, part))).toEqual({ kind: 'event', event, part })
  expect(readRoute('#/new')).toEqual({ kind: 'new' })
  expect(readRoute(`#/${event}/moon`)).toEqual({ kind: 'event', event, part: 'overview' })
  for (const it of ['', '#', '#/', '#/short', `#/${event}x`, `#/${event.toUpperCase()}`])
    expect(readRoute(it), it).toEqual({ kind: 'list' })
})
