import { CoopError } from './coop-error.ts'

/** What is wrong in one place of a file, and what to write instead. */
export interface FileFault {
  /** From 1; 0 for the file as a whole. */
  line: number
  /** From 1; 0 for the line as a whole. */
  column: number
  columnName: string
  /** Stable name. */
  refusal: string
  message: string
}

/** A file with faulty lines: all of them are told, and nothing of it was taken. */
export class FileInvalid extends CoopError {
  readonly lines: readonly FileFault[]

  constructor(lines: readonly FileFault[], next: string) {
    const [first] = lines
    const more = lines.length > 1 ? ` (and ${lines.length - 1} more)` : ''
    const where = first === undefined || first.line === 0 ? '' : `${faultPlace(first)}: `
    super('import-invalid', `${where}${first?.refusal ?? 'import'}${more}`, next)
    this.lines = lines
  }

  override toJSON(): { error: ReturnType<CoopError['toJSON']>['error'] & { lines: readonly FileFault[] } } {
    return { error: { ...super.toJSON().error, lines: this.lines } }
  }
}

/** `line 3, column 2 (amount)`. */
export function faultPlace({ line, column, columnName }: FileFault): string {
  return `line ${line}${column === 0 ? '' : `, column ${column} (${columnName})`}`
}
