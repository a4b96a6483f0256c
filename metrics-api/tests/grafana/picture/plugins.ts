// What Grafana registers at its start, as far as the boards use it: transformations, standard options of fields, and the
// custom options of each kind of panel with their defaults.
import {
  FieldConfigPropertyItem,
  PanelPlugin,
  displayNameOverrideProcessor,
  identityOverrideProcessor,
  numberOverrideProcessor,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  stringOverrideProcessor,
} from '@grafana/data';
import { defaultTableFieldOptions } from '@grafana/schema';

type Process = FieldConfigPropertyItem['process'];

function item(path: string, process: Process, defaultValue?: unknown): FieldConfigPropertyItem {
  const editor = () => null;
  return { id: path, path, name: path, process, defaultValue, editor, override: editor, shouldApply: () => true } as never;
}

/** Grafana colours by these where a board sets no steps of its own. */
const STEPS = { mode: 'absolute', steps: [{ value: -Infinity, color: 'green' }, { value: 80, color: 'red' }] };

const STANDARD: FieldConfigPropertyItem[] = [
  item('unit', identityOverrideProcessor),
  item('min', numberOverrideProcessor),
  item('max', numberOverrideProcessor),
  item('decimals', numberOverrideProcessor),
  item('displayName', displayNameOverrideProcessor),
  item('noValue', stringOverrideProcessor),
  item('color', identityOverrideProcessor, { mode: 'thresholds' }),
  item('thresholds', identityOverrideProcessor, STEPS),
  item('mappings', identityOverrideProcessor, []),
  item('links', identityOverrideProcessor),
];

const GRAPH = {
  drawStyle: 'line',
  lineInterpolation: 'linear',
  lineWidth: 1,
  lineStyle: { fill: 'solid' },
  fillOpacity: 0,
  fillBelowTo: undefined,
  gradientMode: 'none',
  showPoints: 'auto',
  pointSize: 5,
  spanNulls: false,
  stacking: { mode: 'none', group: 'A' },
  barAlignment: 0,
  barWidthFactor: 0.6,
  axisPlacement: 'auto',
  axisLabel: '',
  axisGridShow: true,
  axisColorMode: 'text',
  axisBorderShow: false,
  axisCenteredZero: false,
  axisSoftMin: undefined,
  axisSoftMax: undefined,
  scaleDistribution: { type: 'linear' },
  thresholdsStyle: { mode: 'off' },
  hideFrom: { legend: false, tooltip: false, viz: false },
};
const TABLE = { ...defaultTableFieldOptions, cellOptions: { type: 'auto' }, wrapText: undefined, width: undefined, minWidth: undefined };

function plugin(id: string, custom: object): PanelPlugin {
  const made = new PanelPlugin(null);
  made.meta = { id, name: id } as never;
  return made.useFieldConfig({
    useCustomConfig: (builder) => {
      for (const [path, value] of Object.entries(custom)) {
        builder.addCustomEditor(item(path, identityOverrideProcessor, value) as never);
      }
    },
  });
}

standardFieldConfigEditorRegistry.setInit(() => STANDARD);
standardTransformersRegistry.setInit(() =>
  // Some stand in the list under two names.
  [...new Map(Object.values(standardTransformers).map((each) => [each.id, each])).values()].map((transformation) => ({
    id: transformation.id,
    name: transformation.name,
    transformation,
    editor: () => null,
  })) as never
);

export const PLUGINS: Record<string, PanelPlugin> = {
  stat: plugin('stat', {}),
  bargauge: plugin('bargauge', {}),
  table: plugin('table', TABLE),
  timeseries: plugin('timeseries', GRAPH),
};
