import type { ReportLine, SeenCommit } from './report.ts'

/** Faults that one judgement names; a folder that lost everything would name thousands. */
const FAULTS_MAX = 20

/** What was asked of a folder, in a form that can be written down. */
export interface Testimony {
  kept: SeenCommit[]
  seen: [place: string, id: string][]
  assets: string[]
  note: string | null
}

/**
 * Remembers everything that one folder acknowledged or showed, over all its crashes, and says what it owes. Two
 * commits of one place in a chain, whenever and wherever they turned up, are a fork.
 */
export class Witness {
  /** Acknowledged commits by place. */
  readonly #kept = new Map<string, SeenCommit>()
  /** Id by place: acknowledged or found at any time. */
  readonly #seen = new Map<string, string>()
  readonly #assets = new Set<string>()
  #note: string | null = null
  /** What the device told of this opening so far, until it says that this is all. */
  #found: SeenCommit[] = []
  #foundAssets = new Set<string>()
  #foundUnacknowledged = 0
  readonly #findings: string[] = []
  readonly #faults: string[] = []

  /** A witness that knows what another one had written down. */
  static of(testimony: Testimony): Witness {
    const witness = new Witness()
    for (const commit of testimony.kept) witness.#kept.set(placeOf(commit), commit)
    for (const [place, id] of testimony.seen) witness.#seen.set(place, id)
    for (const cid of testimony.assets) witness.#assets.add(cid)
    witness.#note = testimony.note
    return witness
  }

  /** Commits that must be there. */
  get keptCommits(): number {
    return this.#kept.size
  }

  /** Commits that were on the disk though nobody had been told: a crash cut their acknowledgement off. */
  get foundUnacknowledged(): number {
    return this.#foundUnacknowledged
  }

  /** What the device told of its own disk, each time it was opened. */
  get findings(): readonly string[] {
    return this.#findings
  }

  /** Everything that was wrong so far. */
  get faults(): readonly string[] {
    return this.#faults
  }

  /** Takes the lines of a device in their order; judges whenever it has told all that is on its disk. */
  hear(lines: readonly ReportLine[]): void {
    for (const line of lines) this.#hear(line)
  }

  /** Notes something that went wrong around the device. */
  accuse(text: string): void {
    if (this.#faults.length < FAULTS_MAX) this.#faults.push(text)
  }

  testimony(): Testimony {
    return {
      kept: [...this.#kept.values()],
      seen: [...this.#seen],
      assets: [...this.#assets],
      note: this.#note,
    }
  }

  #hear(line: ReportLine): void {
    switch (line.t) {
      case 'opened':
        return this.#forgetFound()
      case 'found':
        this.#see(line)
        this.#found.push(line)
        return
      case 'found-asset':
        this.#foundAssets.add(line.cid)
        return
      case 'checked':
        return this.#judge(line.note)
      case 'kept':
        this.#see(line)
        this.#kept.set(placeOf(line), line)
        return
      case 'kept-asset':
        this.#assets.add(line.cid)
        return
      case 'kept-note':
        this.#note = line.note
        return
      case 'finding':
        this.#findings.push(`${line.code} (${line.severity})`)
        return
      case 'fault':
        return this.accuse(line.text)
      case 'done':
        return
    }
  }

  #see(commit: SeenCommit): void {
    const place = placeOf(commit)
    const known = this.#seen.get(place)
    if (known !== undefined && known !== commit.id) {
      this.accuse(`fork: ${place} is ${commit.id} and was ${known}`)
    }
    this.#seen.set(place, commit.id)
  }

  /** Compares what is on the disk with what must be. From now on the device may have shown all of it to others. */
  #judge(note: string | null): void {
    const found = new Map(this.#found.map((it) => [placeOf(it), it]))
    if (found.size < this.#found.length) this.accuse('one place of a chain is on the disk twice')
    for (const [place, kept] of this.#kept) {
      const there = found.get(place)
      if (there === undefined) this.accuse(`lost: ${place}, acknowledged as ${kept.id}`)
      else if (there.hash !== kept.hash) this.accuse(`changed: the bytes of ${place} (${kept.id})`)
    }
    for (const commit of this.#found) {
      if (!this.#kept.has(placeOf(commit))) this.#foundUnacknowledged += 1
      const isFollowing = commit.seq === 0 || found.has(`${commit.device}/${commit.seq - 1}`)
      if (!isFollowing) this.accuse(`gap: nothing before ${placeOf(commit)}`)
      this.#kept.set(placeOf(commit), commit)
    }
    for (const cid of this.#assets) if (!this.#foundAssets.has(cid)) this.accuse(`lost: asset ${cid}`)
    for (const cid of this.#foundAssets) this.#assets.add(cid)
    this.#judgeNote(note)
    this.#forgetFound()
  }

  #forgetFound(): void {
    this.#found = []
    this.#foundAssets = new Set()
  }

  /** The note holds a number that only grows, and an end mark: an old or a new one is right, a torn one is not. */
  #judgeNote(note: string | null): void {
    const least = numberIn(this.#note)
    if (note !== null && !note.endsWith('\n')) this.accuse(`torn: the note is ${JSON.stringify(note)}`)
    if (numberIn(note) < least) this.accuse(`lost: the note is ${note?.trim()}, acknowledged was ${least}`)
    if (note !== null) this.#note = note
  }
}

function placeOf(commit: SeenCommit): string {
  return `${commit.device}/${commit.seq}`
}

function numberIn(note: string | null): number {
  return note === null ? -1 : Number(note.trim())
}
