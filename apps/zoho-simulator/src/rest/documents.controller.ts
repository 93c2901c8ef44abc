import { Get, Inject, Param, Query } from '@nestjs/common';
import { documentBody } from '../bodies/document-body';
import { documentRow } from '../bodies/document-row';
import { documentKinds } from '../organisation/document-kinds';
import { type Document, documentTypes } from '../organisation/documents';
import { documentsOf, findDocument } from '../organisation/organisation';
import { SIMULATOR, type Simulator } from '../simulator';
import { listQuery, pageOf, type SortColumns } from './list-query';
import { doesNotExist, invalidUrl, success } from './zoho-answer';
import { ZohoApi } from './zoho-api';

const sortColumns: SortColumns<Document> = {
  created_time: (document) => document.createdAt,
  last_modified_time: (document) => document.modifiedAt,
  date: (document) => document.createdAt,
};

/** Documents of every type, by the plural of their name. */
@ZohoApi()
export class DocumentsController {
  constructor(@Inject(SIMULATOR) private readonly simulator: Simulator) {}

  @Get(':plural')
  list(@Param('plural') plural: string, @Query() query: Record<string, unknown>) {
    const { organisation } = this.simulator;
    const type = typeCalled(plural);
    const list = listQuery(query);
    const since = list.modifiedSince ?? 0;
    const wanted = documentsOf(organisation, type).filter(({ modifiedAt }) => modifiedAt >= since);
    const { rows, context } = pageOf(wanted, list, sortColumns, plural);
    return success({
      [plural]: rows.map((document) => documentRow(organisation, document)),
      page_context: context,
    });
  }

  @Get(':plural/:id')
  detail(@Param('plural') plural: string, @Param('id') id: string) {
    const { organisation } = this.simulator;
    const document = findDocument(organisation, typeCalled(plural), id);
    if (!document) throw doesNotExist();
    return success(documentBody(organisation, document));
  }
}

const typeCalled = (plural: string) => {
  const type = documentTypes.find((candidate) => documentKinds[candidate].plural === plural);
  if (!type) throw invalidUrl();
  return type;
};
