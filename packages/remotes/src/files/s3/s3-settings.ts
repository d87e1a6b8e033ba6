import type { S3Place } from './s3-place.ts';

/** Settings of the client library that a place leaves to the configuration of AWS. */
export interface S3Settings {
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly requestChecksums: 'WHEN_REQUIRED' | 'WHEN_SUPPORTED';
}

/** Values by name: variables of the environment, or the entries of a profile. */
type Values = Readonly<Record<string, string | undefined>>;

/** Region that is asked first where none is configured: servers of others accept it, and AWS names the right one. */
const FIRST_REGION = 'us-east-1';

/**
 * Returns the settings of a place, of the environment and of the profile, in this order, as the tools of AWS do.
 *
 * The library would take the endpoint from the default profile, whatever profile is named, and ask a service of the
 * machine for the region.
 *
 * @spec DML-REM-0614
 */
export async function readSettings(place: S3Place): Promise<S3Settings> {
  const { loadConfig } = await import('@smithy/core/config');
  const profile = place.profile === undefined ? {} : { profile: place.profile };
  const setting = (
    inEnvironment: (values: Values) => string | undefined,
    inProfile: (values: Values, file?: unknown) => string | undefined,
    preferredFile: 'config' | 'credentials' = 'config',
  ): Promise<string> =>
    loadConfig(
      {
        environmentVariableSelector: (values) => inEnvironment(values) || undefined,
        configFileSelector: (values, file) => inProfile(values, file) || undefined,
        default: '',
      },
      { ...profile, preferredFile },
    )();
  const areIgnored = await setting(
    (values) => values.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS,
    (values) => values.ignore_configured_endpoint_urls,
  );
  const endpoint =
    place.endpoint ??
    (areIgnored.toLowerCase() === 'true'
      ? ''
      : await setting((values) => values.AWS_ENDPOINT_URL_S3 || values.AWS_ENDPOINT_URL, endpointIn));
  const region =
    place.region ??
    (await setting(
      (values) => values.AWS_REGION || values.AWS_DEFAULT_REGION,
      (values) => values.region,
      'credentials',
    ));
  const checksums = await setting(
    (values) => values.AWS_REQUEST_CHECKSUM_CALCULATION,
    (values) => values.request_checksum_calculation,
  );
  return {
    endpoint: endpoint === '' ? undefined : endpoint,
    region: region === '' ? FIRST_REGION : region,
    // The signature covers the hash of the bytes, and readers hash them again; many servers refuse more than that.
    requestChecksums: checksums.toUpperCase() === 'WHEN_SUPPORTED' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
  };
}

/** Returns the endpoint of a profile: that of its section of services, else its own. */
function endpointIn(profile: Values, file?: unknown): string | undefined {
  const sections = file as Readonly<Record<string, Values | undefined>> | undefined;
  const services = profile.services === undefined ? undefined : sections?.[`services.${profile.services}`];
  return services?.['s3.endpoint_url'] || profile.endpoint_url;
}
