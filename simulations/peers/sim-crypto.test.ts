import { expect, test } from 'vitest'
import { nodeCrypto } from '#node/crypto'
import { commitMessage } from '#protocol/commit'
import { simCrypto } from './sim-crypto.ts'

test('a signature that was found good stands for its key and id alone, however often it is asked for', () => {
  const { sha256 } = nodeCrypto()
  const { rule, signer } = simCrypto({ mode: 'fast', sha256, key: new Uint8Array(32) })
  const [one, other] = [signer(new Uint8Array(32).fill(1)), signer(new Uint8Array(32).fill(2))]
  const [id, otherId] = [new Uint8Array(32).fill(3), new Uint8Array(32).fill(4)]
  const signature = one.sign(commitMessage(id))
  const isGood = (publicKey: Uint8Array, signed: Uint8Array): boolean =>
    rule.verifyId(publicKey, { id: signed, messageOf: commitMessage }, signature)
  for (let i = 0; i < 2; i += 1) {
    expect(isGood(one.publicKey, id)).toBe(true)
    expect(isGood(one.publicKey.slice(), id.slice())).toBe(true)
    expect([isGood(other.publicKey, id), isGood(one.publicKey, otherId)]).toEqual([false, false])
  }
})
