import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import { storedCatalogueEvent } from '@tallystream/catalogue';
import {
  type BatchConsumer,
  OnBatch,
  OnStart,
  type StartPosition,
  type StreamMessage,
} from '@tallystream/jetstream';
import { type Fold, type PostgresProjection, writeCatalogue } from '@tallystream/projection-store';

export const CATALOGUE_PROJECTION = Symbol('CatalogueProjection');

export const catalogue: BatchConsumer = {
  name: 'catalogue',
  stream: 'CATALOG',
  filter: 'catalog.>',
  maxBatch: 500,
};

/** The catalogue into the tables of items and warehouses. */
export const catalogueFold: Fold<StreamMessage> = {
  projection: catalogue.name,
  begin: () => ({
    write: (manager, messages) => writeCatalogue(manager, messages.map(storedCatalogueEvent)),
  }),
};

@ApiExcludeController()
@Controller()
export class CatalogueProjector {
  constructor(@Inject(CATALOGUE_PROJECTION) private readonly projection: PostgresProjection<StreamMessage>) {}

  @OnStart(catalogue)
  startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.projection.start(signal);
  }

  @OnBatch(catalogue)
  project(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    return this.projection.project(messages);
  }
}
