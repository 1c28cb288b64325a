# Values for values-that-are-no-tensors.test.
import numpy
from onnx import numpy_helper


def sequence(name, arrays):
    with open(name, "wb") as file:
        file.write(numpy_helper.from_list([numpy.float32(a) for a in arrays]).SerializeToString())


numpy.save("x.npy", numpy.float32([1, 2, 3]))
numpy.save("one.npy", numpy.int64(1))
numpy.save("nine.npy", numpy.int64(9))
numpy.save("words.npy", numpy.array(["bb", "a"]))
numpy.save("numbers.npy", numpy.array(["1.5", "-2", "+INF"]))
sequence("list.pb", [[1, 2, 5], [3, 4]])
sequence("matrices.pb", [[[1]], [[2]]])
