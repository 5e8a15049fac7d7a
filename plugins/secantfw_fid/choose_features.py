"""From options to the feature space they name, one for all metrics of an evaluation."""

from __future__ import annotations

import attrs

from secantfw import MetricSite
from secantfw_fid.feature_options import FeatureOptions, Resize
from secantfw_fid.feature_space import FeatureSpace


def feature_space(
    options: FeatureOptions, site: MetricSite, resize: Resize = "clean"
) -> FeatureSpace:
    """The feature space that the options name; each is imported only when it is used.

    Metrics that name the same one share it, and with it the last features it has made. `resize`
    holds for Inception where the options do not say.
    """
    fields = [getattr(options, field.name) for field in attrs.fields(FeatureOptions)]
    key = ("features", *fields, resize)
    if key not in site.shared:
        site.shared[key] = _new(options, site, options.resize or resize)
    found: FeatureSpace = site.shared[key]
    return found


def _new(options: FeatureOptions, site: MetricSite, resize: Resize) -> FeatureSpace:
    shape = site.dataset.spec.shape
    if options.features == "identity" or (options.features == "auto" and len(shape) == 1):
        from secantfw_fid.identity_features import IdentityFeatures

        return IdentityFeatures(site.dataset.spec)
    if options.features == "fashion16" or (options.features == "auto" and shape == (1, 16, 16)):
        from secantfw_fid.fashion16_features import Fashion16Features

        return Fashion16Features(site.dataset, site.device)
    if options.features == "network":
        from secantfw_fid.network_features import NetworkFeatures

        return NetworkFeatures(site.dataset, site.device, options)
    from secantfw_fid.inception_features import InceptionFeatures

    return InceptionFeatures(site.dataset, site.device, options.weights, resize)
