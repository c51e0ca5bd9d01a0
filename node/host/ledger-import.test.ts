import { expect, test } from 'vitest'
import { toHex } from '#protocol/encoding'
import { unitIdOf } from '#protocol/ledger'
import type { LedgerEntry, LedgerState, UnitInfo } from '#protocol/ledger'
import { planImport } from '#protocol/ledger/money'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import type { CoopNode } from './coop-node.ts'
import { importEntries, unitsBefore } from './ledger-import.ts'

/** A node that keeps what an import writes, until it is to fail. */
class WritingNode {
  readonly crypto = nodeCrypto()
  readonly signer = nodeSigner(new Uint8Array(32).fill(7))
  readonly written = new Map<string, readonly LedgerEntry[]>()
  chunksMax = Infinity

  get device(): string {
    return toHex(this.signer.publicKey)
  }

  get entries(): LedgerEntry[] {
    return [...this.written.values()].flat()
  }

  get node(): CoopNode {
    const { crypto, signer, device } = this
    const ledger = {
      names: { device: (key: string) => ({ device: key, deviceName: 'nas', member: 'm', name: 'Ann' }) },
      isWritten: async (id: Uint8Array) => this.written.has(toHex(id)),
      appendOnce: async (id: Uint8Array, entries: readonly LedgerEntry[]) => {
        if (this.written.has(toHex(id))) return { commit: toHex(id), isRepeat: true }
        if (this.written.size >= this.chunksMax) throw new Error('the power failed')
        this.written.set(toHex(id), entries)
        return { commit: toHex(id), isRepeat: false }
      },
    }
    return {
      ...{ crypto, signer, ledger },
      membership: { engine: { replica: { device } } },
    } as unknown as CoopNode
  }

  /** Units that it has written. */
  units(): UnitInfo[] {
    return this.entries.flatMap((it) =>
      it.t === 'define'
        ? [
            {
              ...it.unit,
              id: unitIdOf(this.signer.publicKey, it.unit, this.crypto.sha256),
              device: this.device,
            },
          ]
        : [],
    )
  }

  async bring(bytes: Uint8Array): Promise<void> {
    const holders = [{ device: this.device, member: 'm', deviceName: 'nas', memberName: 'Ann' }]
    const ledger = { units: () => this.units() } as unknown as LedgerState
    const plan = planImport(bytes, {
      units: unitsBefore(bytes, ledger, this.node),
      holders,
      self: this.device,
    })
    if (!plan.ok) throw new Error(JSON.stringify(plan.errors[0]))
    await importEntries(plan, bytes, { isDry: false, node: this.node })
  }
}

test('a long file that was interrupted is brought in once, wherever it defines its units', async () => {
  // The second unit is defined behind 4,700 entries of the first.
  const lines = Array.from({ length: 5_500 }, (_, i) => `${i < 4_700 ? 'A' : 'B'},stock,0,1,row ${i}`)
  const bytes = new TextEncoder().encode(['code,kind,scale,amount,memo', ...lines].join('\n'))
  const whole = new WritingNode()
  await whole.bring(bytes)
  const parted = new WritingNode()
  parted.chunksMax = 5
  await expect(parted.bring(bytes)).rejects.toThrow('the power failed')
  parted.chunksMax = Infinity
  await parted.bring(bytes)
  expect(parted.entries.length).toBe(5_502)
  expect(parted.entries).toEqual(whole.entries)
})
