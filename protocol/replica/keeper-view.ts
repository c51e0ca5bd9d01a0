import type { ChainEnd, KeeperView } from '../authority/index.ts'
import { toHex } from '../encoding/index.ts'
import type { Replica } from './replica.ts'

/**
 * What a replica knows for the keeper of seals: of each chain the last good commit that this device's next commit knows,
 * and the forks that it knows.
 */
export function chainsOf(replica: Replica): Pick<KeeperView, 'ends' | 'forks'> {
  const { history } = replica
  const { evaluation } = replica.epochs
  const ends: ChainEnd[] = []
  const forks: { device: string; seq: number }[] = []
  const known = replica.knownToNext()
  for (let device = 0; device < history.deviceCount; device += 1) {
    const name = toHex(history.keyOf(device))
    let best = -1
    for (const branch of history.branchesOf(device)) {
      const seq = Math.min(evaluation.goodUpTo(branch.end), known.lengthOf(branch) - 1)
      if (seq >= branch.base && (best < 0 || seq > history.seqOf(best))) best = branch.at(seq)
    }
    if (best >= 0)
      ends.push({ device: name, seq: history.seqOf(best), commit: history.idOf(best).slice(), order: best })
    const forkSeq = history.forks.has(device) ? history.forkSeqIn(known, device) : Infinity
    if (forkSeq < Infinity) forks.push({ device: name, seq: forkSeq })
  }
  return { ends, forks }
}
