import { z } from 'zod';
import { plainTextSchema } from '../plain-text';
import { causeSchema } from './cause';
import { instantField, levelFields } from './fields';

/** `gone`: Zoho no longer knows it, but documents and levels still name it. */
export const catalogueStatuses = ['active', 'inactive', 'gone'] as const;
export const catalogueStatusSchema = z.enum(catalogueStatuses).meta({
  description: "`active` and `inactive` are Zoho's; `gone`: Zoho no longer has it, levels may still name it.",
});
export type CatalogueStatus = z.infer<typeof catalogueStatusSchema>;

const price = (description: string) =>
  z
    .number()
    .meta({ description: `${description} Per unit, in the currency of the organisation.` })
    .optional();

const observed = {
  cause: causeSchema,
  occurredAt: instantField('When Zoho said so, by its clock.'),
};

export const itemCataloguedSchema = z
  .object({
    itemId: levelFields.itemId,
    name: plainTextSchema.meta({ description: 'The name in Zoho.' }),
    arabicName: plainTextSchema
      .meta({ description: 'The name in Arabic; absent when Zoho has none.' })
      .optional(),
    sku: plainTextSchema.meta({ description: 'The SKU; absent when Zoho has none.' }).optional(),
    unit: plainTextSchema
      .meta({ description: 'The unit that quantities count, e.g. `pcs`; absent when Zoho names none.' })
      .optional(),
    rate: price('The selling price; absent when Zoho has none.'),
    purchaseRate: price('The purchase price; absent when Zoho has none.'),
    status: catalogueStatusSchema,
    reorderLevel: z
      .number()
      .meta({
        description: 'When no more than this is for sale, stock is low. In units; absent when not set.',
      })
      .optional(),
    imageId: plainTextSchema
      .meta({ description: "Zoho's id of the image; another one when the image changes, absent without." })
      .optional(),
    tracksStock: z.boolean().meta({ description: 'False for services and the like, which have no levels.' }),
    ...observed,
  })
  .meta({
    title: 'ItemCatalogued',
    description: 'An item is new in the catalogue, or not as it was: all of it as it is now.',
  });
export type ItemCatalogued = Readonly<z.infer<typeof itemCataloguedSchema>>;

export const warehouseCataloguedSchema = z
  .object({
    warehouseId: levelFields.warehouseId,
    name: plainTextSchema.meta({ description: 'The name in Zoho.' }),
    status: catalogueStatusSchema,
    isPrimary: z.boolean().meta({ description: "Whether it is the organisation's primary warehouse." }),
    ...observed,
  })
  .meta({
    title: 'WarehouseCatalogued',
    description: 'A warehouse is new in the catalogue, or not as it was: all of it as it is now.',
  });
export type WarehouseCatalogued = Readonly<z.infer<typeof warehouseCataloguedSchema>>;

export type CatalogueEvent =
  | Readonly<{ type: 'ItemCatalogued'; data: ItemCatalogued }>
  | Readonly<{ type: 'WarehouseCatalogued'; data: WarehouseCatalogued }>;
