import type { JSX } from 'preact'

const PATHS = {
  check: 'M4 12.8 9.3 18 20 6.5',
  cross: 'M5.5 5.5l13 13M18.5 5.5l-13 13',
  stop: 'M8 2.5h8L21.5 8v8L16 21.5H8L2.5 16V8zM8.5 8.5l7 7M15.5 8.5l-7 7',
  wait: 'M12 2.8 22.3 20.7H1.7zM12 9.5v5M12 17.6v.1',
  'no-answer':
    'M2 8.5a15 15 0 0 1 6-3.4M22 8.5A15 15 0 0 0 12.5 4M5.5 12.5a10 10 0 0 1 5-2.7M18.5 12.5l-.8-.7M9 16.3a5 5 0 0 1 5.5-.6M12 20v.1M3.5 2.5l17 19',
  left: 'M10 4H5.5A1.5 1.5 0 0 0 4 5.5v13A1.5 1.5 0 0 0 5.5 20H10M9 12h11.5M16 7l5 5-5 5',
  enter: 'M14 4h4.5A1.5 1.5 0 0 1 20 5.5v13a1.5 1.5 0 0 1-1.5 1.5H14M3.5 12H14M9.5 7.5 14 12l-4.5 4.5',
  override: 'M12 2.5 20 5.5v6c0 5-3.4 8.3-8 10-4.6-1.7-8-5-8-10v-6zM8.5 12l2.5 2.5 4.5-5',
  open: 'M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19M7.5 12.5l3 3 6-6.5',
  camera:
    'M4 7h3.2l1.6-2.5h6.4L16.8 7H20a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 20 19H4a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 4 7M12 16.3a3.6 3.6 0 1 0 0-7.2 3.6 3.6 0 0 0 0 7.2',
  torch: 'M7 2.5h10v4l-3 4v11h-4v-11l-3-4zM7 6.5h10M12 13v2',
  list: 'M8.5 6H21M8.5 12H21M8.5 18H21M3.5 6h.1M3.5 12h.1M3.5 18h.1',
  close: 'M6 6l12 12M18 6 6 18',
  settings:
    'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5',
  mesh: 'M5 8.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M19 10.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M10 21.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M8 6l8 1M6 8.5l3 7M17.3 10 12 16.3',
  'cut-off':
    'M5 8.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M19 10.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M10 21.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M14 3.5l-3 5M4 12.5h5M14 14.5l3.5 2.5',
  sound: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  undo: 'M8.5 4.5 4 9l4.5 4.5M4 9h10a6 6 0 0 1 0 12h-3',
  key: 'M8 20a5 5 0 1 0 0-10 5 5 0 0 0 0 10M11.5 11.5 20 3M16 7l3 3',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  print: 'M7 9V3h10v6M7 17H5a2 2 0 0 1-2-2v-4a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v4a2 2 0 0 1-2 2h-2M7 14h10v7H7z',
  ticket:
    'M3 8.5V6.5A1.5 1.5 0 0 1 4.5 5h15A1.5 1.5 0 0 1 21 6.5v2a3.5 3.5 0 0 0 0 7v2a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5v-2a3.5 3.5 0 0 0 0-7M14.5 5v2.5M14.5 10.8v2.4M14.5 16.5V19',
  stock: 'M12 2.5 21 7v10l-9 4.5L3 17V7zM3 7l9 4.5L21 7M12 11.5v10',
  next: 'M4 12h15.5M13 5.5l6.5 6.5-6.5 6.5',
  clock: 'M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19M12 6.5V12l3.5 2.5',
} as const

/** Name of a drawing. */
export type SymbolName = keyof typeof PATHS

/** A line drawing of the text's colour. It says nothing that the text beside it does not say. */
export function Symbol({ name }: { name: SymbolName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}
