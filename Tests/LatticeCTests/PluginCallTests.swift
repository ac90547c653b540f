import LatticeCHeader
import LatticeSupport
import Testing

/// Plug-ins through the C interface, as far as they are refused: what is registered stays for as
/// long as the process, in which all other tests run. Python's tests load one.
struct PluginCallTests {
  @Test("a path of null, one that leads nowhere and a table of null are refused with a sentence")
  func refusals() {
    #expect(latticecrf_load_plugin(nil) == LATTICECRF_INVALID_ARGUMENT)
    #expect(Painted.error.contains("the path of a plug-in is null"))
    #expect(latticecrf_load_plugin("/nowhere/libx.so") == LATTICECRF_INVALID_DATA)
    #expect(Painted.error.contains("/nowhere/libx.so: there is no such file"))
    #expect(latticecrf_add_plugin(nil) == LATTICECRF_INVALID_ARGUMENT)
    #expect(Painted.error.contains("the table of a plug-in is null"))
  }

  @Test("a unary that is not there is refused, and so is a kind, with what to call")
  func names() {
    var (scene, labels) = (latticecrf_scene(), Int64(7))
    scene.size = UInt64(MemoryLayout<latticecrf_scene>.size)
    #expect(latticecrf_score("dreams", &scene, nil, 0, &labels) == LATTICECRF_INVALID_ARGUMENT)
    #expect(Painted.error.contains("there is no unary 'dreams'"))
    #expect(Painted.error.contains("where a plug-in has it, use latticecrf_load_plugin"))
    #expect(labels == 7)
    var plan: latticecrf_plan = 0
    #expect(latticecrf_plan_create("dreams:a=1", &plan) == LATTICECRF_INVALID_ARGUMENT)
    #expect(Painted.error.contains("use latticecrf_load_plugin"))
  }
}
