"""AWS's price list and EC2's spot prices, which the local cloud lacks: answers of the shape that AWS documents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from proxy import Answer

EC2 = "http://ec2.amazonaws.com/doc/2016-11-15/"


@dataclass
class Prices:
    """What instances cost, in dollars an hour; `None`: who asks may not."""

    on_demand: Mapping[str, float] | None
    # By type, then by zone.
    spot: Mapping[str, Mapping[str, float]] | None
    # What was asked for: the operation, and its parameters.
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __call__(self, headers: Mapping[str, str], content: bytes) -> Answer | None:
        """The answer to a request for prices. Others are none of its business."""
        scope = headers.get("authorization", "").partition("Credential=")[2].split("/")
        service = scope[3] if len(scope) > 3 else ""
        if headers.get("x-amz-target") == "AWSPriceListService.GetProducts" and service == "pricing":
            return self._products(json.loads(content))
        form = {name: values[0] for name, values in parse_qs(content.decode(errors="replace")).items()}
        if form.get("Action") == "DescribeSpotPriceHistory" and service == "ec2":
            return self._spot(form)
        return None

    def _products(self, body: dict[str, object]) -> Answer:
        filters = body["Filters"]
        assert isinstance(filters, list) and body["ServiceCode"] == "AmazonEC2"
        asked = {one["Field"]: one["Value"] for one in filters}
        self.asked.append(("GetProducts", asked))
        if self.on_demand is None:
            refusal = {"__type": "AccessDeniedException", "Message": "User is not authorized to perform this action"}
            return Answer(400, json.dumps(refusal).encode())
        # A page without a product comes first.
        if "NextToken" not in body:
            return Answer(200, json.dumps({"FormatVersion": "aws_v1", "PriceList": [], "NextToken": "2"}).encode())
        price = self.on_demand.get(asked["instanceType"])
        listed = [] if price is None else [product(asked["instanceType"], asked["regionCode"], price)]
        return Answer(200, json.dumps({"FormatVersion": "aws_v1", "PriceList": listed}).encode())

    def _spot(self, form: dict[str, str]) -> Answer:
        self.asked.append(("DescribeSpotPriceHistory", form))
        if self.spot is None:
            words = "You are not authorized to perform this operation."
            error = f"<Error><Code>UnauthorizedOperation</Code><Message>{words}</Message></Error>"
            return Answer(403, f"<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>".encode())
        kind = form["InstanceType.1"]
        items = "".join(
            f"<item><instanceType>{kind}</instanceType><productDescription>Linux/UNIX</productDescription>"
            f"<spotPrice>{price:.6f}</spotPrice><timestamp>{form['StartTime']}</timestamp>"
            f"<availabilityZone>{zone}</availabilityZone></item>"
            for zone, price in self.spot.get(kind, {}).items()
        )
        answer = f'<DescribeSpotPriceHistoryResponse xmlns="{EC2}"><requestId>1</requestId><spotPriceHistorySet>{items}'
        return Answer(200, f"{answer}</spotPriceHistorySet><nextToken/></DescribeSpotPriceHistoryResponse>".encode())


def product(instance_type: str, region: str, price: float) -> str:
    """An entry of the price list: JSON as a text."""
    dimension = {"unit": "Hrs", "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": f"{price:.10f}"}}
    reserved = {"unit": "Hrs", "pricePerUnit": {"USD": "0.0100000000"}}
    return json.dumps(
        {
            "product": {
                "productFamily": "Compute Instance",
                "attributes": {"instanceType": instance_type, "regionCode": region, "operatingSystem": "Linux"},
                "sku": "SKU",
            },
            "serviceCode": "AmazonEC2",
            "terms": {
                "OnDemand": {"SKU.JRTCKXETXF": {"priceDimensions": {"SKU.JRTCKXETXF.6YS6EN2CT7": dimension}}},
                "Reserved": {"SKU.38NPMPTW36": {"priceDimensions": {"SKU.38NPMPTW36.2TG2D8R56U": reserved}}},
            },
        }
    )
