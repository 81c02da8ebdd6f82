import type * as schema from "@grafana/schema";

/**
 * Grafana's own types, as JSON has them: an enumeration is its values. So the compiler holds what is rendered against
 * the schema of the version of Grafana that it is for.
 */
export type Json<T> = T extends string
  ? `${T}`
  : T extends number
    ? `${T}` extends `${infer N extends number}`
      ? N
      : T
    : T extends readonly (infer Item)[]
      ? readonly Json<Item>[]
      : T extends object
        ? { readonly [Key in keyof T]: Json<T[Key]> }
        : T;

export type DashboardJson = Json<schema.Dashboard>;
export type PanelJson = Json<schema.Panel>;
export type RowJson = Json<schema.RowPanel>;
export type VariableJson = Json<schema.VariableModel>;
export type AnnotationJson = Json<schema.AnnotationQuery>;
export type DashboardLinkJson = Json<schema.DashboardLink>;
export type FieldConfigJson = Json<schema.FieldConfigSource>;
export type TransformationJson = Json<schema.DataTransformerConfig>;
export type ThresholdJson = Json<schema.Threshold>;
export type MappingJson = Json<schema.ValueMapping>;
