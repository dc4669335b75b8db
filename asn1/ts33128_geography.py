"""Positions of TS 33.128: shapes on the earth, speeds, civic addresses (Rel-19 version 3 of the module)."""

from __future__ import annotations

from typing import Final

from asn1.table import UTF8, Choice, Field, Integer, Sequence, SequenceOf, enumerated
from asn1.ts33128_cells import AGE_OF_LOCATION, ECGI, GEOGRAPHICAL_COORDINATES, NCGI

POINT: Final = Sequence(
    "Point",
    (Field(1, "geographicalCoordinates", GEOGRAPHICAL_COORDINATES),),
)
UNCERTAINTY: Final = Integer("Uncertainty", 0, 127)
POINT_UNCERTAINTY_CIRCLE: Final = Sequence(
    "PointUncertaintyCircle",
    (
        Field(1, "geographicalCoordinates", GEOGRAPHICAL_COORDINATES),
        Field(2, "deprecatedUncertainty", UNCERTAINTY),
        Field(3, "uncertaintySBI", UTF8, optional=True),
    ),
)
ORIENTATION: Final = Integer("Orientation", 0, 180)
UNCERTAINTY_ELLIPSE: Final = Sequence(
    "UncertaintyEllipse",
    (
        Field(1, "deprecatedSemiMajor", UNCERTAINTY),
        Field(2, "deprecatedSemiMinor", UNCERTAINTY),
        Field(3, "orientationMajor", ORIENTATION),
        Field(4, "semiMajorSBI", UTF8, optional=True),
        Field(5, "semiMinorSBI", UTF8, optional=True),
    ),
)
CONFIDENCE: Final = Integer("Confidence", 0, 100)
POINT_UNCERTAINTY_ELLIPSE: Final = Sequence(
    "PointUncertaintyEllipse",
    (
        Field(1, "geographicalCoordinates", GEOGRAPHICAL_COORDINATES),
        Field(2, "uncertainty", UNCERTAINTY_ELLIPSE),
        Field(3, "confidence", CONFIDENCE),
    ),
)
POLYGON: Final = Sequence(
    "Polygon",
    (Field(1, "pointList", SequenceOf("SET OF GeographicalCoordinates", GEOGRAPHICAL_COORDINATES, as_set=True)),),
)
POINT_ALTITUDE: Final = Sequence(
    "PointAltitude",
    (
        Field(1, "point", GEOGRAPHICAL_COORDINATES),
        Field(2, "altitude", UTF8),
    ),
)
POINT_ALTITUDE_UNCERTAINTY: Final = Sequence(
    "PointAltitudeUncertainty",
    (
        Field(1, "point", GEOGRAPHICAL_COORDINATES),
        Field(2, "altitude", UTF8),
        Field(3, "uncertaintyEllipse", UNCERTAINTY_ELLIPSE),
        Field(4, "deprecatedUncertaintyAltitude", UNCERTAINTY),
        Field(5, "confidence", CONFIDENCE),
        Field(6, "uncertaintyAltitudeSBI", UTF8, optional=True),
    ),
)
INNER_RADIUS: Final = Integer("InnerRadius", 0, 327_675)
ANGLE: Final = Integer("Angle", 0, 360)
ELLIPSOID_ARC: Final = Sequence(
    "EllipsoidArc",
    (
        Field(1, "point", GEOGRAPHICAL_COORDINATES),
        Field(2, "innerRadius", INNER_RADIUS),
        Field(3, "deprecatedUncertaintyRadius", UNCERTAINTY),
        Field(4, "offsetAngle", ANGLE),
        Field(5, "includedAngle", ANGLE),
        Field(6, "confidence", CONFIDENCE),
        Field(7, "uncertaintyRadiusSBI", UTF8, optional=True),
    ),
)
GEOGRAPHIC_AREA: Final = Choice(
    "GeographicArea",
    (
        Field(1, "point", POINT),
        Field(2, "pointUncertaintyCircle", POINT_UNCERTAINTY_CIRCLE),
        Field(3, "pointUncertaintyEllipse", POINT_UNCERTAINTY_ELLIPSE),
        Field(4, "polygon", POLYGON),
        Field(5, "pointAltitude", POINT_ALTITUDE),
        Field(6, "pointAltitudeUncertainty", POINT_ALTITUDE_UNCERTAINTY),
        Field(7, "ellipsoidArc", ELLIPSOID_ARC),
    ),
)
HORIZONTAL_VELOCITY: Final = Sequence(
    "HorizontalVelocity",
    (
        Field(1, "hSpeed", UTF8),
        Field(2, "bearing", ANGLE),
    ),
)
VERTICAL_DIRECTION: Final = enumerated("VerticalDirection", "1=upward 2=downward")
HORIZONTAL_WITH_VERTICAL_VELOCITY: Final = Sequence(
    "HorizontalWithVerticalVelocity",
    (
        Field(1, "hSpeed", UTF8),
        Field(2, "bearing", ANGLE),
        Field(3, "vSpeed", UTF8),
        Field(4, "vDirection", VERTICAL_DIRECTION),
    ),
)
HORIZONTAL_VELOCITY_WITH_UNCERTAINTY: Final = Sequence(
    "HorizontalVelocityWithUncertainty",
    (
        Field(1, "hSpeed", UTF8),
        Field(2, "bearing", ANGLE),
        Field(3, "uncertainty", UTF8),
    ),
)
HORIZONTAL_WITH_VERTICAL_VELOCITY_AND_UNCERTAINTY: Final = Sequence(
    "HorizontalWithVerticalVelocityAndUncertainty",
    (
        Field(1, "hSpeed", UTF8),
        Field(2, "bearing", ANGLE),
        Field(3, "vSpeed", UTF8),
        Field(4, "vDirection", VERTICAL_DIRECTION),
        Field(5, "hUncertainty", UTF8),
        Field(6, "vUncertainty", UTF8),
    ),
)
VELOCITY_ESTIMATE: Final = Choice(
    "VelocityEstimate",
    (
        Field(1, "horVelocity", HORIZONTAL_VELOCITY),
        Field(2, "horWithVertVelocity", HORIZONTAL_WITH_VERTICAL_VELOCITY),
        Field(3, "horVelocityWithUncertainty", HORIZONTAL_VELOCITY_WITH_UNCERTAINTY),
        Field(4, "horWithVertVelocityAndUncertainty", HORIZONTAL_WITH_VERTICAL_VELOCITY_AND_UNCERTAINTY),
    ),
)
CIVIC_ADDRESS: Final = Sequence(
    "CivicAddress",
    (
        Field(1, "country", UTF8),
        Field(2, "a1", UTF8, optional=True),
        Field(3, "a2", UTF8, optional=True),
        Field(4, "a3", UTF8, optional=True),
        Field(5, "a4", UTF8, optional=True),
        Field(6, "a5", UTF8, optional=True),
        Field(7, "a6", UTF8, optional=True),
        Field(8, "prd", UTF8, optional=True),
        Field(9, "pod", UTF8, optional=True),
        Field(10, "sts", UTF8, optional=True),
        Field(11, "hno", UTF8, optional=True),
        Field(12, "hns", UTF8, optional=True),
        Field(13, "lmk", UTF8, optional=True),
        Field(14, "loc", UTF8, optional=True),
        Field(15, "nam", UTF8, optional=True),
        Field(16, "pc", UTF8, optional=True),
        Field(17, "bld", UTF8, optional=True),
        Field(18, "unit", UTF8, optional=True),
        Field(19, "flr", UTF8, optional=True),
        Field(20, "room", UTF8, optional=True),
        Field(21, "plc", UTF8, optional=True),
        Field(22, "pcn", UTF8, optional=True),
        Field(23, "pobox", UTF8, optional=True),
        Field(24, "addcode", UTF8, optional=True),
        Field(25, "seat", UTF8, optional=True),
        Field(26, "rd", UTF8, optional=True),
        Field(27, "rdsec", UTF8, optional=True),
        Field(28, "rdbr", UTF8, optional=True),
        Field(29, "rdsubbr", UTF8, optional=True),
        Field(30, "prm", UTF8, optional=True),
        Field(31, "pom", UTF8, optional=True),
    ),
)
ACCURACY_FULFILMENT_INDICATOR: Final = enumerated(
    "AccuracyFulfilmentIndicator",
    "1=requestedAccuracyFulfilled 2=requestedAccuracyNotFulfilled",
)
POSITIONING_METHOD: Final = enumerated(
    "PositioningMethod",
    "1=cellID 2=eCID 3=oTDOA 4=barometricPressure 5=wLAN 6=bluetooth 7=mBS 8=motionSensor 9=dLTDOA 10=dLAOD "
    "11=multiRTT 12=nRECID 13=uLTDOA 14=uLAOA 15=networkSpecific",
)
POSITIONING_MODE: Final = enumerated("PositioningMode", "1=uEBased 2=uEAssisted 3=conventional")
USAGE: Final = enumerated(
    "Usage",
    "1=unsuccess 2=successResultsNotUsed 3=successResultsUsedToVerifyLocation "
    "4=successResultsUsedToGenerateLocation 5=successMethodNotDetermined",
)
METHOD_CODE: Final = Integer("MethodCode", 16, 31)
POSITIONING_METHOD_AND_USAGE: Final = Sequence(
    "PositioningMethodAndUsage",
    (
        Field(1, "method", POSITIONING_METHOD),
        Field(2, "mode", POSITIONING_MODE),
        Field(3, "usage", USAGE),
        Field(4, "methodCode", METHOD_CODE, optional=True),
    ),
)
GNSSID: Final = enumerated("GNSSID", "1=gPS 2=galileo 3=sBAS 4=modernizedGPS 5=qZSS 6=gLONASS 7=bDS 8=nAVIC")
GNSS_POSITIONING_METHOD_AND_USAGE: Final = Sequence(
    "GNSSPositioningMethodAndUsage",
    (
        Field(1, "mode", POSITIONING_MODE),
        Field(2, "gNSS", GNSSID),
        Field(3, "usage", USAGE),
    ),
)
BAROMETRIC_PRESSURE: Final = Integer("BarometricPressure", 30_000, 115_000)
LOCATION_DATA: Final = Sequence(
    "LocationData",
    (
        Field(1, "locationEstimate", GEOGRAPHIC_AREA),
        Field(2, "accuracyFulfilmentIndicator", ACCURACY_FULFILMENT_INDICATOR, optional=True),
        Field(3, "ageOfLocationEstimate", AGE_OF_LOCATION, optional=True),
        Field(4, "velocityEstimate", VELOCITY_ESTIMATE, optional=True),
        Field(5, "civicAddress", CIVIC_ADDRESS, optional=True),
        Field(
            6,
            "positioningDataList",
            SequenceOf("SET OF PositioningMethodAndUsage", POSITIONING_METHOD_AND_USAGE, as_set=True),
            optional=True,
        ),
        Field(
            7,
            "gNSSPositioningDataList",
            SequenceOf("SET OF GNSSPositioningMethodAndUsage", GNSS_POSITIONING_METHOD_AND_USAGE, as_set=True),
            optional=True,
        ),
        Field(8, "eCGI", ECGI, optional=True),
        Field(9, "nCGI", NCGI, optional=True),
        Field(10, "altitude", UTF8, optional=True),
        Field(11, "barometricPressure", BAROMETRIC_PRESSURE, optional=True),
    ),
)
RAW_MLP_RESPONSE: Final = Choice(
    "RawMLPResponse",
    (
        Field(1, "mLPPositionData", UTF8),
        Field(2, "mLPErrorCode", Integer("INTEGER", 1, 699)),
    ),
)
