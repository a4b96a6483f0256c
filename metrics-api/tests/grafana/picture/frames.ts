// Answers as Grafana's data sources hand them on: one frame a series from Prometheus (or one table a query), one frame a
// statement from PostgreSQL. Grafana's server does this, which is not here, so this is our reading of it; everything behind
// it is Grafana's own code.
import { DataFrame, Field, FieldType, createDataFrame } from '@grafana/data';

export interface Target {
  refId: string;
  expr?: string;
  legendFormat?: string;
  format?: string;
}

interface Series {
  metric: Record<string, string>;
  value?: [number, string];
  values?: [number, string][];
}

export interface Column {
  name: string;
  kind: 'time' | 'number' | 'boolean' | 'string';
}

export type Answer = { prometheus: Series[]; step?: number } | { columns: Column[]; rows: (string | null)[][] };

export function frames(targets: Target[], answers: Record<string, Answer>): DataFrame[] {
  const asked = targets.map((target) => ({ target, answer: answers[target.refId] }));
  return asked.flatMap(({ target, answer }) => {
    if ('columns' in answer) return [target.format === 'time_series' ? wide(target, answer) : table(target, answer)];
    if (target.format === 'table') {
      const tables = targets.filter(({ refId }) => (answers[refId] as { prometheus: Series[] }).prometheus.length > 0);
      return labelled(target, answer.prometheus, tables.length > 1 ? `Value #${target.refId}` : 'Value');
    }
    return answer.prometheus.map((series) => curve(target, series, answer.step));
  });
}

function points(series: Series): [number, string][] {
  return series.values ?? (series.value ? [series.value] : []);
}

/** One series as a curve, named by its legend. */
function curve(target: Target, series: Series, step?: number): DataFrame {
  const all = points(series);
  const named = (target.legendFormat ?? '').replace(/{{\s*(\w+)\s*}}/g, (_, label) => series.metric[label] ?? '');
  return createDataFrame({
    refId: target.refId,
    name: named,
    fields: [
      { name: 'Time', type: FieldType.time, config: { interval: step && step * 1000 }, values: all.map(([at]) => at * 1000) },
      {
        name: 'Value',
        type: FieldType.number,
        labels: series.metric,
        config: { displayNameFromDS: named || undefined },
        values: all.map(([, value]) => Number(value)),
      },
    ],
  });
}

/** All series of one query as a table: time, labels in order of their names, value. */
function labelled(target: Target, all: Series[], valueName: string): DataFrame[] {
  if (all.length === 0) return [];
  const labels = [...new Set(all.flatMap((series) => Object.keys(series.metric)))].sort();
  const rows = all.flatMap((series) => points(series).map(([at, value]) => ({ at, value, metric: series.metric })));
  return [
    createDataFrame({
      refId: target.refId,
      fields: [
        { name: 'Time', type: FieldType.time, values: rows.map((row) => row.at * 1000) },
        ...labels.map((name) => ({ name, type: FieldType.string, values: rows.map((row) => row.metric[name] ?? '') })),
        { name: valueName, type: FieldType.number, values: rows.map((row) => Number(row.value)) },
      ],
    }),
  ];
}

const READ = {
  time: (text: string) => Date.parse(text.replace(' ', 'T').replace(/\+00$/, 'Z')),
  number: Number,
  boolean: (text: string) => text === 't',
  string: (text: string) => text,
};

type Statement = { columns: Column[]; rows: (string | null)[][] };

function table(target: Target, { columns, rows }: Statement): DataFrame {
  const fields = columns.map(({ name, kind }, index) => ({
    name,
    type: FieldType[kind],
    config: {},
    values: rows.map((row) => (row[index] === null ? null : READ[kind](row[index]))),
  }));
  return createDataFrame({ refId: target.refId, fields });
}

/** A statement over time: seconds become instants, and a column of names becomes one curve a name. */
function wide(target: Target, statement: Statement): DataFrame {
  const long = table(target, statement);
  const time = long.fields.find(({ name }) => name === 'time')!;
  if (time.type === FieldType.number) {
    time.type = FieldType.time;
    time.values = time.values.map((seconds) => seconds * 1000);
  }
  const metric = long.fields.find(({ type }) => type === FieldType.string);
  if (!metric) return long;
  const value = long.fields.find(({ type }) => type === FieldType.number)!;
  const instants = [...new Set<number>(time.values)].sort((a, b) => a - b);
  const curves = [...new Set<string>(metric.values)].map((name) => {
    const of = new Map<number, number>();
    time.values.forEach((at, row) => metric.values[row] === name && of.set(at, value.values[row]));
    return { name, type: FieldType.number, config: {}, values: instants.map((at) => of.get(at) ?? null) };
  });
  return createDataFrame({ refId: target.refId, fields: [{ ...(time as Field), values: instants }, ...curves] });
}
