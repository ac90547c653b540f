import Foundation
import LatticeSupport
import Testing

struct JSONValueTests {
  @Test(arguments: [
    "null", "true", "[]", "{}", "[1, -2.5, 1e+300]", #"{"a": {"b": [1, {"c": "\"\\\n"}]}}"#,
    #""ünïcode 🙂""#,
  ])
  func textIsReadBack(text: String) throws {
    let value = try JSONValue(parsing: text)
    #expect(try JSONValue(parsing: value.compactText) == value)
    #expect(try JSONValue(parsing: value.text()) == value)
  }

  @Test(arguments: [
    ("", "its end"), ("{", "its end"), ("[1,]", "in place of a value"), ("01", "'01'"),
    ("{\"a\": 1, \"a\": 2}", "the key 'a' twice"), ("nul", "'nul'"), ("1 2", "in place of its end"),
    ("\"\\x\"", "unknown escape"), ("\"\\ud800\"", "surrogate"), ("\"a", "without an end"),
    ("1e999", "double precision"), ("-", "'-'"), ("1.", "'1.'"), ("[1 2]", "in place of ']'"),
    (String(repeating: "[", count: 100), "levels"),
  ])
  func illTextIsExplained(text: String, says: String) {
    let error = #expect(throws: InputError.self) { try JSONValue(parsing: text) }
    #expect(error?.description.contains(says) == true, "\(String(describing: error))")
  }

  @Test func wholeNumbersLoseNoDigit() throws {
    // 2⁵³ + 1 is the first that double precision lacks; seeds have all of 64 bits.
    for number in ["9007199254740993", "-9007199254740993", "18446744073709551615"] {
      let value = try JSONValue(parsing: number)
      #expect(value.compactText == number && "\(value)" == number)
      #expect(try JSONDecoder().decode(JSONValue.self, from: Data(number.utf8)) == value)
      let encoded = try JSONEncoder().encode(value)
      #expect(String(decoding: encoded, as: UTF8.self) == number)
    }
    // What double precision holds is the same value, however it is written.
    #expect(try JSONValue(parsing: "9007199254740994") == .number(9007199254740994))
    #expect(try JSONValue(parsing: "1e16") == JSONValue(parsing: "10000000000000000"))
    #expect(JSONValue.whole(7) == .number(7))
  }

  @Test func shortFloatsStayShort() {
    #expect(JSONValue.number(Float(0.1)).compactText == "0.1")
    #expect(JSONValue.number(Float(1e-12)).compactText == "1e-12")
    #expect(JSONValue.number(3).compactText == "3")
  }
}

struct SettingTests {
  private struct Kind: NamedKind {
    static let noun = "thing"
    let name: String
    var summary: String { "for tests" }
    var example: String { "\(name):size=3" }
    var settings: [Setting] = [
      Setting("size", .bandwidths, "how large"),
      Setting("share", .number(.halfOpen(0..<1)), "how much", default: .number(0.5)),
      Setting("turns", .count(1...9), "how often", default: nil),
      Setting("steps", .counts(1...9), "how far each time", default: nil),
      Setting("mode", .choice(["fast", "slow"]), "how", default: .choice("slow")),
      Setting("loud", .flag, "whether it is heard", default: nil),
      Setting("table", .array, "numbers", default: nil),
    ]
  }

  private let registry = Registry<Kind>([Kind(name: "first")])

  private func settings(_ text: String) throws -> Settings {
    try registry.described(by: JSONValue(description: text)).settings
  }

  @Test func everyTypeIsRead() throws {
    let found = try settings(
      "first:size=2x3,share=0.25,turns=4,steps=1x2x9,mode=fast,loud=yes,table=\"a,b.npy\"")
    #expect(found.bandwidths("size") == [2, 3])
    #expect(found.number("share") == 0.25 && found.count("turns") == 4)
    #expect(found.counts("steps") == [1, 2, 9])
    #expect(found.text("mode") == "fast" && found.flag("loud"))
    #expect(found.array("table") == .named("a,b.npy"))
    #expect(found.files == ["a,b.npy"])
    let json = Kind(name: "first").json(found)
    #expect(try registry.described(by: json).settings == found)
    #expect(try settings(Kind(name: "first").text(found)) == found)
  }

  @Test func defaultsHoldWhereNothingIsGiven() throws {
    let found = try settings("first:size=1")
    #expect(found.number("share") == 0.5 && found.text("mode") == "slow")
    #expect(found.count("turns") == nil && !found.flag("loud"))
    #expect(found.members.map(\.key) == ["size"])
  }

  @Test func arraysMayBeWrittenOut() throws {
    let json = try JSONValue(
      parsing: #"{"kind": "first", "size": 1, "table": [[1, 2, 3], [4, 5, 6]]}"#)
    #expect(
      try registry.described(by: json).settings.array("table")
        == .inline(shape: [2, 3], values: [1, 2, 3, 4, 5, 6]))
  }

  @Test(arguments: [
    ("first", "lacks 'size='"), ("first:size=0", "not above 0"),
    ("first:size=1,share=1", "below 1"),
    ("first:size=1,turns=10", "from 1 to 9"), ("first:size=1,turns=1.5", "from 1 to 9"),
    ("first:size=1,steps=1x10", "from 1 to 9, as in 1x2x4"),
    ("first:size=1,steps=1x", "as in 1x2x4"),
    ("first:size=1,mode=fat", "did you mean 'fast'"), ("first:size=1,loud=maybe", "yes or no"),
    ("first:size=1,table=", "names no file"), ("first:sice=1", "did you mean 'size'"),
    ("furst:size=1", "did you mean 'first'"), ("first:size=1,size=2", "given twice"),
  ])
  func illSettingsAreExplained(text: String, says: String) {
    let error = #expect(throws: InputError.self) { try settings(text) }
    #expect(error?.description.contains(says) == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    #"{"kind": "first", "size": [1, -1]}"#, #"{"kind": "first", "size": []}"#,
    #"{"kind": "first", "size": 1, "steps": [1, 0.5]}"#,
    #"{"kind": "first", "size": 1, "steps": []}"#,
    #"{"kind": "first", "size": true}"#, #"{"kind": "first", "size": 1, "table": [[1], [2, 3]]}"#,
    #"{"kind": "first", "size": 1, "table": ["a"]}"#, #"{"size": 1}"#, "[3]",
    #"{"kind": "first", "size": 1, "share": "half"}"#,
  ])
  func illJSONIsRefused(text: String) throws {
    let json = try JSONValue(parsing: text)
    #expect(throws: InputError.self) { try registry.described(by: json) }
  }

  @Test func namesAreTakenOnce() throws {
    try registry.register(Kind(name: "second"))
    #expect(registry.names == ["first", "second"])
    for name in ["second", "first", "", "a b", "a:b", "a,b", "a=b"] {
      #expect(throws: InputError.self, "\(name)") { try registry.register(Kind(name: name)) }
    }
    let twins = [Setting("a", .flag, ""), Setting("a", .flag, "")]
    #expect(throws: InputError.self) { try registry.register(Kind(name: "third", settings: twins)) }
  }
}
