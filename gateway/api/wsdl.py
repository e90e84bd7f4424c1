"""The service description of the SOAP doors (WSDL 1.1), as CXF answers it on `?wsdl`.

What it is: one operation, bound to SOAP 1.1 and 1.2. What it is not: the schema of the messages: that has
no public copy, so the body is declared by element name only. Called by `soap`.
"""

from xml.sax.saxutils import quoteattr

SPG = "http://www.justice.gsi.gov.uk/SPG/"

_BINDING = """\
  <wsdl:binding name="{name}" type="tns:InboundSPG">
    <{prefix}:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="Submit">
      <{prefix}:operation soapAction="" style="document"/>
      <wsdl:input><{prefix}:body use="literal"/></wsdl:input>
      <wsdl:output><{prefix}:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
"""
_DESCRIPTION = """\
<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="InboundSPGProxy" targetNamespace="{spg}" xmlns:tns="{spg}" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" \
xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <wsdl:types>
    <xs:schema targetNamespace="{spg}" elementFormDefault="qualified">
      <xs:element name="SPGInterchange">
        <xs:complexType>
          <xs:sequence><xs:any namespace="##targetNamespace" processContents="skip" minOccurs="3" maxOccurs="unbounded"/></xs:sequence>
          <xs:attribute name="SchemaVersion" type="xs:string" use="required"/>
          <xs:attribute name="SchemaDate" type="xs:date" use="required"/>
        </xs:complexType>
      </xs:element>
      <xs:element name="SPGInterchangeResponse">
        <xs:complexType><xs:sequence><xs:element name="SPGInterchangeResponseType" type="xs:int"/></xs:sequence></xs:complexType>
      </xs:element>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="Interchange"><wsdl:part name="body" element="tns:SPGInterchange"/></wsdl:message>
  <wsdl:message name="Response"><wsdl:part name="body" element="tns:SPGInterchangeResponse"/></wsdl:message>
  <wsdl:portType name="InboundSPG">
    <wsdl:operation name="Submit"><wsdl:input message="tns:Interchange"/><wsdl:output message="tns:Response"/></wsdl:operation>
  </wsdl:portType>
{bindings}  <wsdl:service name="InboundSPGProxy">
    <wsdl:port name="Soap12" binding="tns:Soap12Binding"><soap12:address location={address}/></wsdl:port>
    <wsdl:port name="Soap11" binding="tns:Soap11Binding"><soap:address location={address}/></wsdl:port>
  </wsdl:service>
</wsdl:definitions>
"""


def describe(address: str) -> bytes:
    """The description with this address."""
    bindings = _BINDING.format(name="Soap12Binding", prefix="soap12") + _BINDING.format(name="Soap11Binding", prefix="soap")
    return _DESCRIPTION.format(spg=SPG, bindings=bindings, address=quoteattr(address)).encode()
