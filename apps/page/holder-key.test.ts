import { describe, expect, test } from 'vitest'
import { holderKeyText, isHolderKeyText, readHolderKey } from './holder-key.ts'

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i * 7)
const HEX = Array.from(KEY, (it) => it.toString(16).padStart(2, '0')).join('')

const BLIND = Uint8Array.from({ length: 48 }, (_, i) => 255 - i)

describe('the key of a phone as text', () => {
  test('is read as it was written, in groups and small letters too', () => {
    const text = holderKeyText(KEY)
    expect(text).toMatch(/^CK:[0-9A-F]{68}$/)
    expect(readHolderKey(text)).toBe(HEX)
    expect(readHolderKey(` ${text.toLowerCase().replaceAll(/(.{4})/g, '$1 ')}\n`)).toBe(HEX)
    expect(readHolderKey(text.slice(3))).toBe(HEX)
    expect(readHolderKey(HEX)).toBe(HEX)
    const blind = holderKeyText(BLIND)
    expect(blind).toMatch(/^CK:[0-9A-F]{100}$/)
    for (const it of [blind, blind.slice(3), blind.slice(3, -4)])
      expect(readHolderKey(it)).toBe(Buffer.from(BLIND).toString('hex'))
  })

  test('with one digit wrong it is refused, as is a part of it and everything else', () => {
    const text = holderKeyText(KEY)
    for (let at = 3; at < text.length; at += 1) {
      const wrong = text[at] === 'A' ? 'B' : 'A'
      expect(readHolderKey(text.slice(0, at) + wrong + text.slice(at + 1)), String(at)).toBe(null)
    }
    for (const it of [
      '',
      'CK:',
      holderKeyText(BLIND).slice(0, 71),
      `${HEX}0000`,
      text.slice(0, -1),
      `CK:${HEX}`,
      `${text}0`,
      'CT:ABC',
      HEX.slice(1),
    ])
      expect(readHolderKey(it), it).toBe(null)
    expect([isHolderKeyText(text), isHolderKeyText(' ck:1'), isHolderKeyText('CT:1')]).toEqual([
      true,
      true,
      false,
    ])
  })
})
