import LatticePluginHeader
import LatticeSupport
import Pipeline
import TestSupport
import Testing

/// Plug-ins that describe themselves wrongly are refused, each with a sentence of its own, before
/// anything is registered.
struct WrongTableTests {
  typealias Fixture = PluginFixture

  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let message: String
    let table: @Sendable () -> Fixture

    /// Any table.
    static func any(
      _ what: String, _ message: String, _ table: @escaping @Sendable () -> Fixture
    ) -> Case { Case(testDescription: what, message: message, table: table) }

    /// A table that is spoilt.
    static func table(
      _ what: String, _ message: String,
      _ change: @escaping @Sendable (UnsafeMutablePointer<latticecrf_plugin_table>) -> Void
    ) -> Case {
      any(what, message) {
        let fixture = Fixture([Fixture.head(Fixture.kernel())])
        change(fixture.table)
        return fixture
      }
    }

    /// A kernel that is spoilt.
    static func kernel(
      _ what: String, _ message: String, _ change: @escaping @Sendable (Fixture.Head) -> Void
    ) -> Case {
      any(what, message) {
        let head = Fixture.head(Fixture.kernel())
        change(head)
        return Fixture([head])
      }
    }

    /// A kernel with one setting, `size`, that is spoilt.
    static func setting(
      _ what: String, _ message: String,
      _ change: @escaping @Sendable (inout latticecrf_plugin_setting) -> Void
    ) -> Case {
      kernel(what, message) {
        Fixture.set([Fixture.setting("size", LATTICECRF_PLUGIN_NUMBER, change)], in: $0)
      }
    }
  }

  static let tables: [Case] = [
    .table("no table's version", "of version 7 of the interface, but this program has version 1") {
      $0.pointee.abi_version = 7
    },
    .table("another size of the table", "the size of the table is 24 bytes, but 32 are expected") {
      $0.pointee.size = 24
    },
    .table("no name", "is a plug-in without a name") { $0.pointee.name = nil },
    .table("a name that is not UTF-8", "is a plug-in without a name") {
      $0.pointee.name = Fixture.bytes([0xFF, 0xFE, 0])
    },
    .table("no kinds", "'lab' brings 0 kinds, but must bring 1…1000") { $0.pointee.kind_count = 0 },
    .table("negative kinds", "'lab' brings -3 kinds") { $0.pointee.kind_count = -3 },
    .table("a null list of kinds", "'lab' brings no kinds") { $0.pointee.kinds = nil },
    .any("a null kind", "kind 1 of the plug-in 'lab' is null") {
      Fixture([Fixture.head(Fixture.kernel()), nil])
    },
  ]

  static let kinds: [Case] = [
    .kernel("an unknown role", "its role is 9, which is none") { kind in
      kind.pointee.role = 9
    },
    .kernel("another size", "the size of the kernel's structure is 88 bytes, but 104 are expected")
    { kind in
      kind.pointee.size = 88
    },
    .kernel("no name", "the kernel has no name") { kind in
      kind.pointee.name = nil
    },
    .kernel("a name of two words", "the kernel 'a b' has a name that cannot stand in an option") {
      kind in
      kind.pointee.name = Fixture.text("a b")
    },
    .kernel("no summary", "the kernel 'order' has no summary") { kind in
      kind.pointee.summary = nil
    },
    .kernel("null settings", "the kernel 'order' has 2 settings, but they are null") { kind in
      kind.pointee.setting_count = 2
    },
    .kernel("too many settings", "has 4000 settings") { kind in
      Fixture.set([Fixture.setting("a")], in: kind)
      kind.pointee.setting_count = 4000
    },
    .kernel("two settings of one key", "has two settings 'a'") { kind in
      Fixture.set([Fixture.setting("a"), Fixture.setting("a")], in: kind)
    },
    .kernel("a term's key", "the setting 'weight' of 'order' is one that every term has") { kind in
      Fixture.set([Fixture.setting("weight")], in: kind)
    },
  ]

  static let settings: [Case] = [
    .setting("another size", "the size of setting 0 of the kernel 'order' is 8 bytes, but 64") {
      setting in
      setting.size = 8
    },
    .setting("no key", "setting 0 of the kernel 'order' has no key") { setting in
      setting.key = nil
    },
    .setting("the key of kinds", "'kind', has a key that cannot stand in an option") { setting in
      setting.key = Fixture.text("kind")
    },
    .setting("no help", "'size', has no help") { setting in
      setting.help = nil
    },
    .setting("an unknown type", "has the type 99, which is none") { setting in
      setting.type = 99
    },
    .setting("a range upside down", "has the range 3.0…1.0, which holds nothing") { setting in
      (setting.minimum, setting.maximum) = (3, 1)
    },
    .setting("a count's range of half numbers", "has the range 0.5…2.0, which holds nothing") {
      setting in
      setting.type = Int32(LATTICECRF_PLUGIN_COUNT)
      (setting.minimum, setting.maximum) = (0.5, 2)
    },
    .setting("a range of NaN", "which holds nothing") { setting in
      (setting.minimum, setting.maximum) = (.nan, 1)
    },
    .setting("a choice of nothing", "is a choice without words to choose from") { setting in
      setting.type = Int32(LATTICECRF_PLUGIN_CHOICE)
    },
    .setting(
      "a default outside the range", "has a default that it refuses: 'size' is 7, but must be"
    ) { setting in
      (setting.minimum, setting.maximum) = (0, 1)
      setting.fallback = Fixture.text("7")
    },
  ]

  static let functions: [Case] = [
    .any("a kernel without features", "the function 'features' of 'order' is null") {
      let kernel = Fixture.kernel()
      kernel.pointee.features = nil
      return Fixture([Fixture.head(kernel)])
    },
    .any("a filter without prepare", "the function 'prepare' of 'nothing' is null") {
      let filter = Fixture.filter()
      filter.pointee.prepare = nil
      return Fixture([Fixture.head(filter)])
    },
    .any("a filter that cannot sum", "the function 'apply' of 'nothing' is null") {
      let filter = Fixture.filter()
      filter.pointee.apply = nil
      return Fixture([Fixture.head(filter)])
    },
    .any("factors without a blur", "the function 'blur' of 'nothing' is null") {
      let filter = Fixture.filter()
      filter.pointee.factors = { _, _, _ in 0 }
      return Fixture([Fixture.head(filter)])
    },
    .any("a filter that takes an array", "the setting 'a' of 'nothing' is an array") {
      let head = Fixture.head(Fixture.filter())
      Fixture.set([Fixture.setting("a", LATTICECRF_PLUGIN_ARRAY)], in: head)
      return Fixture([head])
    },
    .any("a compatibility without costs", "the function 'costs' of 'like' is null") {
      let compatibility = Fixture.compatibility()
      compatibility.pointee.costs = nil
      return Fixture([Fixture.head(compatibility)])
    },
    .any("a unary without labels", "the function 'labels' of 'even' is null") {
      let unary = Fixture.unary()
      unary.pointee.labels = nil
      return Fixture([Fixture.head(unary)])
    },
    .any("a refinement that refines nothing", "the function 'refine' of 'level' is null") {
      let refinement = Fixture.refinement()
      refinement.pointee.refine = nil
      return Fixture([Fixture.head(refinement)])
    },
    .any("a label filter that cleans nothing", "the function 'clean' of 'same' is null") {
      let filter = Fixture.labelFilter()
      filter.pointee.clean = nil
      return Fixture([Fixture.head(filter)])
    },
    .any("an example of another kind", "it does not begin with the kind's name") {
      let head = Fixture.head(Fixture.refinement())
      head.pointee.example = Fixture.text("other:a=1")
      return Fixture([head])
    },
    .any("an example that lacks what must be given", "the example of 'level', 'level', cannot") {
      let head = Fixture.head(Fixture.refinement())
      Fixture.set([Fixture.setting("a") { $0.flags = 0 }], in: head)
      return Fixture([head])
    },
  ]

  @Test(arguments: tables + kinds + settings + functions)
  func isRefused(_ wrong: Case) {
    let text = errorText { _ = try wrong.table().kinds() }
    #expect(text.contains(wrong.message), "\(text)")
  }

  @Test("a null table is refused")
  func null() {
    #expect(errorText { _ = try PluginTable(nil) }.contains("latticecrf_plugin() returns null"))
  }

  static let names: [Case] = [
    .any("a kernel that is built in", "a kernel called 'gaussian', but there is one already") {
      Fixture([Fixture.head(Fixture.kernel("gaussian"))])
    },
    .any("a filter that is built in", "a filter called 'exact', but there is one already") {
      Fixture([Fixture.head(Fixture.filter("exact"))])
    },
    .any("a label filter called as a refinement", "a step called 'band', but there is one") {
      Fixture([Fixture.head(Fixture.labelFilter("band"))])
    },
    .any("two kernels of one name", "brings two kernels called 'twin'") {
      Fixture([Fixture.head(Fixture.kernel("twin")), Fixture.head(Fixture.kernel("twin"))])
    },
    .any("two steps of one name", "brings two steps called 'twin'") {
      Fixture([Fixture.head(Fixture.refinement("twin")), Fixture.head(Fixture.labelFilter("twin"))])
    },
  ]

  @Test("names that are taken are refused, and nothing is registered", arguments: names)
  func nameIsTaken(_ wrong: Case) {
    let before = Plugins.loaded
    let text = errorText { _ = try Plugins.add(wrong.table().table) }
    #expect(text.contains(wrong.message), "\(text)")
    #expect(Plugins.loaded == before)
  }

  @Test("kinds of different roles may share a name; sound ones are accepted")
  func soundKinds() throws {
    let fixture = Fixture([
      Fixture.head(Fixture.kernel("one")), Fixture.head(Fixture.filter("one")),
      Fixture.head(Fixture.compatibility("one")), Fixture.head(Fixture.unary("one")),
      Fixture.head(Fixture.refinement("one")), Fixture.head(Fixture.labelFilter("two")),
    ])
    let kinds = try fixture.kinds()
    for kind in kinds { try kind.checkName(among: kinds) }
    #expect(kinds.count == 6)
  }
}
