// Holds boards against the types that Grafana publishes for version 11, the model that they are written in: the board,
// and what each kind of panel allows as options, drawing of fields and overrides. `node types.cjs BOARD...` prints each
// disagreement on a line, and nothing where there is none.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const ts = require('typescript');

const schema = path.join(process.env.NODE_PATH, 'grafana-schema-11/dist/esm');

const HEAD = `
import type { Dashboard, FieldConfig, GraphFieldConfig, TableFieldOptions } from '@grafana/schema';
import type { Options as Stat } from '${schema}/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as BarGauge } from '${schema}/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as Table } from '${schema}/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as TimeSeries } from '${schema}/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
// As JSON writes it: the value of an enumeration instead of its name.
type Written<T> = 0 extends 1 & T ? T : T extends string ? \`\${T}\` : T extends object ? { [K in keyof T]: Written<T[K]> } : T;
type Look = Written<FieldConfig>;
`;
const KINDS = {
  stat: { options: 'Stat', custom: '{}' },
  bargauge: { options: 'BarGauge', custom: '{}' },
  table: { options: 'Table', custom: 'TableFieldOptions' },
  timeseries: { options: 'TimeSeries', custom: 'GraphFieldConfig' },
};

/** One line of TypeScript for each thing that has a type of its own, with the place it comes from. */
function claims(board) {
  const lines = [];
  const claim = (place, value, type) => lines.push({ place, text: `(${JSON.stringify(value)}) satisfies ${type};` });
  claim(board.title, board, 'Written<Dashboard>');
  for (const panel of board.panels.filter(({ type }) => type !== 'row')) {
    const place = `${board.title}: ${panel.title}`;
    const { options, custom } = KINDS[panel.type];
    const { defaults, overrides } = panel.fieldConfig;
    claim(`${place}: options`, panel.options, `Written<${options}>`);
    claim(`${place}: custom`, defaults.custom ?? {}, `Partial<Written<${custom}>>`);
    for (const { id, value } of overrides.flatMap(({ properties }) => properties)) {
      const [first, name] = id.split('.');
      const type = name ? `Written<${custom}>['${name}']` : `Look['${first}']`;
      claim(`${place}: override ${id}`, value, type);
    }
  }
  return lines;
}

const lines = process.argv.slice(2).flatMap((file) => claims(JSON.parse(fs.readFileSync(file, 'utf8'))));
const source = HEAD + lines.map(({ text }) => text).join('\n');
const first = HEAD.split('\n').length - 1;
const file = path.join(schema, 'boards.ts');
const options = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  paths: { '@grafana/schema': [path.join(schema, 'index.d.ts')] },
};
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists } = host;
host.fileExists = (name) => name === file || fileExists(name);
host.getSourceFile = (name, ...rest) =>
  name === file ? ts.createSourceFile(name, source, ...rest) : getSourceFile.call(host, name, ...rest);

for (const { start, messageText } of ts.getPreEmitDiagnostics(ts.createProgram([file], options, host))) {
  const line = source.slice(0, start).split('\n').length - 1 - first;
  console.log(`${lines[line]?.place ?? 'types'}: ${ts.flattenDiagnosticMessageText(messageText, '; ').replace(/\n/g, ' ')}`);
}
