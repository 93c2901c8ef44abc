import { Get, Param } from '@nestjs/common';
import { ORGANIZATION_ID, warehouses } from '../organisation/warehouses';
import { notAssociated, success } from './zoho-answer';
import { ZohoApi } from './zoho-api';

/** The organisation and its places. */
@ZohoApi()
export class SettingsController {
  @Get('locations')
  locations() {
    return success({
      locations: warehouses.map(({ id, name, isPrimary }) => ({
        location_id: id,
        location_name: name,
        type: 'general',
        status: 'active',
        is_location_active: true,
        is_primary: isPrimary,
        is_primary_location: isPrimary,
        is_storage_location_enabled: false,
      })),
    });
  }

  /** The same under the name that organisations had for them before there were locations. */
  @Get('settings/warehouses')
  warehouses() {
    return success({
      warehouses: warehouses.map(({ id, name, isPrimary }) => ({
        warehouse_id: id,
        warehouse_name: name,
        status: 'active',
        is_primary: isPrimary,
      })),
    });
  }

  @Get('organizations')
  organizations() {
    return success({ organizations: [organization] });
  }

  @Get('organizations/:id')
  organization(@Param('id') id: string) {
    if (id !== ORGANIZATION_ID) throw notAssociated(id);
    return success({ organization });
  }
}

const organization = {
  organization_id: ORGANIZATION_ID,
  name: 'Simulated Trading Co.',
  is_default_org: true,
  is_org_active: true,
  version: 'v1',
  time_zone: 'Asia/Kolkata',
  language_code: 'en',
  currency_code: 'SAR',
  currency_symbol: 'SAR',
  price_precision: 2,
};
